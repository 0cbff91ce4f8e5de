import { type GuidedOptions, guided } from "../onnx/guided.ts";
import { derivationKey, forwardMode, writeModel } from "../onnx/index.ts";
import { proveGuided } from "./derivative-gradient-proof.ts";
import { type DerivativeProof, proveTangent } from "./derivative-proof.ts";
import { keepFile, keptFile } from "./derived-files.ts";
import type { Derivation, DeriveAnswer, DeriveTask, WorkerFailure } from "./protocol.ts";
import { readNetwork } from "./read-network.ts";

/**
 * The derived graph of a network: from the cache, or made, compared with central differences, and kept. A graph that
 * can't be derived, or that fails its proof, is an answer and no exception.
 *
 * @see docs/decisions/0004-differentiating-onnx.md
 */
export async function derive({
  derivation,
  cache,
}: DeriveTask): Promise<DeriveAnswer | WorkerFailure> {
  try {
    const { key, make } = await plan(derivation);
    const kept = await keptFile(cache, key);
    if (kept !== undefined) return { ok: true, key, ...kept };
    const { graph, proof } = await make();
    if (!proof.accepted) throw refused(proof.error);
    const path = await keepFile(cache, key, graph, proof.error);
    return { ok: true, key, path, error: proof.error };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "not-derivable", message };
  }
}

interface Plan {
  readonly key: string;
  /** @throws RangeError or DifferentiationError where there is no such graph */
  readonly make: () => Promise<{ readonly graph: Uint8Array; readonly proof: DerivativeProof }>;
}

function plan(derivation: Derivation): Promise<Plan> {
  return derivation.graph === "jvp" ? planTangent(derivation) : planGuided(derivation);
}

async function planTangent({ score }: Extract<Derivation, { graph: "jvp" }>): Promise<Plan> {
  const { model, bytes } = await readNetwork(score.path);
  return {
    key: derivationKey(bytes, "forward", score),
    make: async () => {
      const graph = writeModel(forwardMode(model, score));
      return { graph, proof: await proveTangent(writeModel(model), graph, score) };
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
    make: async () => {
      const derived = writeModel(guided(network.model, judge.model, options));
      const files = {
        score: writeModel(network.model),
        classifier: writeModel(judge.model),
        derived,
      };
      return { graph: derived, proof: await proveGuided(files, options) };
    },
  };
}

function refused(error: number): RangeError {
  return new RangeError(
    `the derived graph differs from central differences by ${error.toExponential(1)}, too much to be served`,
  );
}
