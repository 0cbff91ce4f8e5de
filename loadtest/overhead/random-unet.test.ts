import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { runScript } from "../spawn.ts";

test("the bare loop evaluates a U-Net of random weights, in the way that is fastest", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-random-unet-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const made = await runScript("models/generator/random-unet.js", [folder, "8"]);
  t.deepEqual(made, { name: "random-unet-8" });
  const file = join(folder, "random-unet-8", "score.onnx");
  const measured = await runScript("worker/bare-loop.js", [file, "4", "0.1", "2", "--best"]);
  const { rowsPerSecond, placesPerRun, workers } = measured as Record<string, number>;
  t.true(rowsPerSecond !== undefined && rowsPerSecond > 0);
  t.true(placesPerRun !== undefined && [1, 2, 4].includes(placesPerRun));
  t.true(workers === 1 || workers === 2);
});
