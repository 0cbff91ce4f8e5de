/**
 * Derives all modes of graphs that others' exporters wrote and proves each against central differences: forward mode
 * for all, then the cotangent of pictures, the gradient of log p of logits. One line a graph; exit 1 if any fails.
 *
 * Usage: node dist/worker/foreign-graphs.js FOLDER
 * FOLDER has a graphs.json with the graphs' files: training/foreign_graphs.py writes some.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DifferentiationPath } from "../onnx/differentiation-path.ts";
import { forwardMode } from "../onnx/forward.ts";
import { logProbabilityGradient } from "../onnx/log-probability-gradient.ts";
import { type OnnxModel, readModel, writeModel } from "../onnx/model-file.ts";
import { reverseMode } from "../onnx/reverse.ts";
import { proveCotangent, proveLogProbabilityGradient } from "./derivative-gradient-proof.ts";
import { type DerivativeProof, proveTangent } from "./derivative-proof.ts";

/** An entry of graphs.json, of which only this is read. */
interface ForeignGraph extends DifferentiationPath {
  readonly file: string;
  readonly kind: "picture" | "logits";
}

interface Outcome {
  readonly accepted: boolean;
  readonly text: string;
}

type Proof = (model: OnnxModel, path: string, graph: ForeignGraph) => Promise<DerivativeProof>;

const forward: Proof = (model, path, graph) =>
  proveTangent(path, writeModel(forwardMode(model, graph)), graph);

const reverse: Proof = (model, path, graph) => {
  if (graph.kind === "picture") {
    return proveCotangent(path, writeModel(reverseMode(model, graph)), graph);
  }
  const logits = { ...graph, kind: graph.kind };
  return proveLogProbabilityGradient(
    path,
    writeModel(logProbabilityGradient(model, logits)),
    logits,
  );
};

async function outcomeOf(proof: () => Promise<DerivativeProof>): Promise<Outcome> {
  try {
    const { accepted, error, valueError } = await proof();
    const text = error.toExponential(1);
    if (accepted) return { accepted, text };
    return { accepted, text: `REFUSED, ${text}, of the value ${valueError.toExponential(1)}` };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { accepted: false, text: `FAILED: ${message}` };
  }
}

async function main(folder: string): Promise<boolean> {
  const graphs: readonly ForeignGraph[] = JSON.parse(
    await readFile(join(folder, "graphs.json"), "utf8"),
  );
  let failures = 0;
  for (const graph of graphs) {
    const path = join(folder, graph.file);
    const model = readModel(await readFile(path));
    const ahead = await outcomeOf(() => forward(model, path, graph));
    const back = await outcomeOf(() => reverse(model, path, graph));
    if (!ahead.accepted || !back.accepted) failures++;
    process.stdout.write(`${graph.file}: forward ${ahead.text}; reverse ${back.text}\n`);
  }
  process.stdout.write(`${graphs.length - failures} of ${graphs.length} graphs proven\n`);
  return failures === 0;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: node dist/worker/foreign-graphs.js FOLDER\n");
  process.exitCode = 2;
} else if (!(await main(folder))) {
  process.exitCode = 1;
}
