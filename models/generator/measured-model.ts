import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A model that is there to be measured: its network's input is x, its time t, in [0, 1]. */
export interface MeasuredModel {
  readonly name: string;
  readonly description: string;
  /** Height and width. */
  readonly size: number;
  readonly channels: number;
  readonly output: "score" | "noise";
  /** The score network as an ONNX file. */
  readonly graph: Uint8Array;
  /** The file that makes it. */
  readonly source: string;
}

/** Writes a model of the VP process into a folder of models. */
export async function writeMeasuredModel(folder: string, model: MeasuredModel): Promise<void> {
  const { name, description, size, channels, output, graph, source } = model;
  const manifest = {
    ...{ formatVersion: 1, name, description },
    ...{ shape: { channels, height: size, width: size }, dataRange: [-1, 1], bits: 8 },
    forwardProcess: { kind: "vp", betaMin: 0.1, betaMax: 20 },
    score: {
      ...{ file: "score.onnx", sha256: createHash("sha256").update(graph).digest("hex") },
      ...{ input: { name: "x" }, time: { name: "t", kind: "t" } },
      output: { name: output, kind: output },
    },
    sampler: { method: "predictor-corrector", predictor: "euler-maruyama", steps: 10 },
    provenance: { source, license: "MIT" },
  };
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, "score.onnx"), graph);
  await writeFile(join(folder, name, "model.json"), JSON.stringify(manifest));
}
