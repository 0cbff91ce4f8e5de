import test from "ava";
import type { ScoreNetworkEntry } from "../models/manifest-network.ts";
import { type Model, openRepository, type Repository } from "../models/repository.ts";
import { merge, withFolder, writeModelFolder } from "../models/test-model-folder.ts";
import { checkClass, unconditional } from "./class-condition.ts";

const FIELD = "condition.class_label";

/** A model with a class input of two classes. */
async function classModel(
  nullClass: number | undefined,
  then: (model: Model, repository: Repository) => void,
): Promise<void> {
  await withFolder(async (root) => {
    await writeModelFolder(root, "folder", {
      manifest: (json) => {
        merge("", { classes: ["cat", "dog"] })(json);
        const entry: ScoreNetworkEntry["class"] = {
          name: "y",
          encoding: "index",
          type: "int64",
          ...(nullClass === undefined ? {} : { nullClass }),
        };
        merge("score", { class: entry })(json);
      },
      graph: {
        inputs: {
          x: ["float32", ["batch", 3, 4, 4]],
          t: ["float32", ["batch"]],
          y: ["int64", ["batch"]],
        },
        outputs: { score: ["float32", ["batch", 3, 4, 4]] },
      },
    });
    const repository = await openRepository(root);
    const model = repository.models.get("example");
    if (model === undefined) throw new Error(JSON.stringify(repository.problems));
    then(model, repository);
  });
}

test("a class input reaches the engine", async (t) => {
  await classModel(2, (model) => {
    t.deepEqual(model.graphs.get("score")?.classInput, {
      name: "y",
      encoding: "index",
      type: "int64",
      classes: 2,
    });
  });
});

test("classifier-free guidance mixes the class's score with that of none", async (t) => {
  await classModel(2, (model, repository) => {
    const asked = (label: string, guidanceScale: number) =>
      checkClass(FIELD, { label, guidanceScale }, model, repository);
    t.deepEqual(asked("dog", 3).conditioning, {
      labels: [
        { label: 1, weight: 3 },
        { label: 2, weight: -2 },
      ],
    });
    // Scale 1 is the class's own score: one evaluation is enough.
    t.deepEqual(asked("cat", 0).conditioning, { labels: [{ label: 0, weight: 1 }] });
    t.deepEqual(asked("cat", 0).used, { label: "cat", guidanceScale: 1 });
    t.deepEqual(unconditional(FIELD, model), { labels: [{ label: 2, weight: 1 }] });
  });
});

test("without a null class a class must be named, and its scale is 1", async (t) => {
  await classModel(undefined, (model, repository) => {
    t.throws(() => unconditional(FIELD, model), { message: /^condition\.class_label: missing; / });
    t.throws(() => checkClass(FIELD, { label: "cat", guidanceScale: 2 }, model, repository), {
      message: /^condition\.class_label\.guidance_scale: seen 2, expected 1: the model has no null/,
    });
    t.notThrows(() => checkClass(FIELD, { label: "cat", guidanceScale: 1 }, model, repository));
  });
});
