import test from "ava";
import {
  type Condition,
  Condition as Conditions,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { openRepository } from "../models/repository.ts";
import { merge, withFolder, writeModelFolder } from "../models/test-model-folder.ts";
import { checkCondition } from "./conditions.ts";

const ORIGIN = { uploads: { find: () => undefined }, tenant: "" };

test("a model of one channel has no colours to give, and says which models have", async (t) => {
  await withFolder(async (root) => {
    const gray = ["float32", ["batch", 1, 4, 4]] as const;
    await writeModelFolder(root, "gray", {
      manifest: (json) => {
        merge("", { name: "gray" })(json);
        merge("shape", { channels: 1 })(json);
      },
      graph: { inputs: { x: gray, t: ["float32", ["batch"]] }, outputs: { score: gray } },
    });
    await writeModelFolder(root, "colour");
    const repository = await openRepository(root);
    const model = repository.models.get("gray");
    if (model === undefined) return t.fail(JSON.stringify(repository.problems));
    const float32 = Buffer.from(new Float32Array(16).buffer);
    const tensor = { shape: { channels: 1, height: 4, width: 4 }, float32 };
    const asked: Condition = Conditions.fromPartial({
      condition: {
        $case: "colorize",
        value: { gray: { source: { $case: "tensor", value: tensor } } },
      },
    });
    await t.throwsAsync(checkCondition(asked, model, repository, ORIGIN), {
      message:
        'condition.colorize: model "gray" has 1 channels, and colours are three; models with three: "example"',
    });
  });
});
