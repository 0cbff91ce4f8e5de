import { createHash } from "node:crypto";
import { SHAPE } from "./mixture.ts";
import { FAST_RUNGS, graphBytes, ORACLE_MODELS, type OracleModel } from "./models.ts";

/** A file to write, its path relative to the folder of models. */
export interface GeneratedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Every file of the oracle models. The same call gives the same bytes. Pure. */
export function generatedFiles(): readonly GeneratedFile[] {
  return ORACLE_MODELS.flatMap((model) => {
    const graph = graphBytes(model);
    const sha256 = createHash("sha256").update(graph).digest("hex");
    const manifest = new TextEncoder().encode(manifestText(model, sha256));
    return [
      { path: `${model.name}/score.onnx`, bytes: graph },
      { path: `${model.name}/model.json`, bytes: manifest },
    ];
  });
}

function manifestText(model: OracleModel, sha256: string): string {
  const { weights, means, stds } = model.mixture;
  const manifest = {
    formatVersion: 1,
    name: model.name,
    description: model.description,
    shape: SHAPE,
    dataRange: model.dataRange,
    bits: 8,
    forwardProcess: model.forwardProcess,
    score: {
      file: "score.onnx",
      sha256,
      input: { name: "x" },
      time: model.time,
      output: model.output,
    },
    sampler: model.sampler,
    ladder: [{ ...model.sampler, leastSteps: model.leastSteps }, ...FAST_RUNGS],
    provenance: { source: "npm run models:generate", license: "MIT" },
    oracle: { kind: "gaussian-mixture", weights, means, stds },
  };
  return `${oneLineArrays(JSON.stringify(manifest, undefined, 2))}\n`;
}

/** Puts every array of numbers on one line. */
function oneLineArrays(json: string): string {
  return json.replaceAll(/\[[\s\d.,e-]+\]/g, (array) =>
    array.replaceAll(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]"),
  );
}
