import { type GuidedOptions, guided } from "../onnx/guided.ts";
import { derivationKey, forwardMode, type OnnxModel, writeModel } from "../onnx/index.ts";
import { proveGuided } from "./derivative-gradient-proof.ts";
import { type DerivativeProof, proveTangent } from "./derivative-proof.ts";
import { keepFile, keptFile } from "./derived-files.ts";
import { placeMemory, placesWithin } from "./evaluation-memory.ts";
import type {
  Derivation,
  DeriveAnswer,
  DeriveTask,
  PictureShape,
  WorkerFailure,
} from "./protocol.ts";
import { readNetwork } from "./read-network.ts";
import { mostBytesOfRun } from "./sessions.ts";

/**
 * The derived graph of a network: from the cache, or made, compared with central differences, and kept. A graph that
 * can't be derived, or that fails its proof, is an answer and no exception.
 *
 * @see docs/decisions/0004-differentiating-onnx.md
 */
export async function derive({
  derivation,
  cache,
  shape,
}: DeriveTask): Promise<DeriveAnswer | WorkerFailure> {
  try {
    const { key, make } = await plan(derivation);
    const kept = await keptFile(cache, key);
    if (kept !== undefined) {
      rowsWithin((await readNetwork(kept.path)).model, shape);
      return { ok: true, key, ...kept };
    }
    const { graph, proof } = await make((derived) => rowsWithin(derived, shape));
    if (!proof.accepted) throw refused(proof.error);
    const path = await keepFile(cache, key, graph, proof.error);
    return { ok: true, key, path, error: proof.error };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "not-derivable", message };
  }
}

/**
 * Rows of a graph's run that this worker's memory bound allows.
 *
 * @throws TooLargeError where not even one fits
 */
function rowsWithin(network: OnnxModel, shape: PictureShape | undefined): number {
  if (shape === undefined) return Number.POSITIVE_INFINITY;
  return placesWithin(placeMemory(network, shape), mostBytesOfRun());
}

interface Plan {
  readonly key: string;
  /**
   * @param mostRows rows of a run of the derived graph in its proof
   * @throws RangeError or DifferentiationError where there is no such graph
   */
  readonly make: (
    mostRows: (derived: OnnxModel) => number,
  ) => Promise<{ readonly graph: Uint8Array; readonly proof: DerivativeProof }>;
}

function plan(derivation: Derivation): Promise<Plan> {
  return derivation.graph === "jvp" ? planTangent(derivation) : planGuided(derivation);
}

async function planTangent({ score }: Extract<Derivation, { graph: "jvp" }>): Promise<Plan> {
  const { model, bytes } = await readNetwork(score.path);
  return {
    key: derivationKey(bytes, "forward", score),
    make: async (rowsOf) => {
      const derived = forwardMode(model, score);
      const mostRows = rowsOf(derived);
      const graph = writeModel(derived);
      return { graph, proof: await proveTangent(writeModel(model), graph, score, { mostRows }) };
    },
  };
}

async function planGuided({
  score,
  classifier,
}: Extract<Derivation, { graph: "guided" }>): Promise<Plan> {
  const [network, judge] = [await readNetwork(score.path), await readNetwork(classifier.path)];
  const { input, output, kind } = classifier;
  const options: GuidedOptions = {
    scoreOutput: score.output,
    classifier: { input, output, kind },
  };
  const question = { input, output: `${score.output}, ${output} as ${kind}` };
  return {
    key: derivationKey([...network.bytes, ...judge.bytes], "guided", question),
    make: async (rowsOf) => {
      const graph = guided(network.model, judge.model, options);
      const mostRows = rowsOf(graph);
      const derived = writeModel(graph);
      const files = {
        score: writeModel(network.model),
        classifier: writeModel(judge.model),
        derived,
      };
      return { graph: derived, proof: await proveGuided(files, options, { mostRows }) };
    },
  };
}

function refused(error: number): RangeError {
  return new RangeError(
    `the derived graph differs from central differences by ${error.toExponential(1)}, too much to be served`,
  );
}
