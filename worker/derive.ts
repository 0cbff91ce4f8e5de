import { type GuidedOptions, guided } from "../onnx/guided.ts";
import {
  derivationKey,
  forwardMode,
  type OnnxModel,
  REWRITER_VERSION,
  REWRITES,
  writeModel,
} from "../onnx/index.ts";
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
import { rewrittenAndCompared } from "./rewrite.ts";
import { mostBytesOfRun } from "./sessions.ts";

/**
 * The derived graph of a network: from the cache, or made, compared with central differences, and kept; of `score`, the
 * network itself, rewritten and compared with what it was. A graph that can't be derived, or that fails its comparison,
 * is an answer and no exception.
 *
 * @see docs/decisions/0004-differentiating-onnx.md
 * @see docs/decisions/0028-networks-rewritten-for-the-cpu.md
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
    const made = await make((derived) => rowsWithin(derived, shape));
    if (made === undefined) return { ok: true, key, path: derivation.score.path, error: 0 };
    const path = await keepFile(cache, key, made.graph, made.error);
    return { ok: true, key, path, error: made.error };
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

interface Made {
  readonly graph: Uint8Array;
  /** How it compared. */
  readonly error: number;
}

interface Plan {
  readonly key: string;
  /**
   * @param mostRows rows of a run of the derived graph in its comparison
   * @returns undefined where the file itself is as good
   * @throws RangeError or DifferentiationError where there is no such graph, or where it fails its comparison
   */
  readonly make: (mostRows: (derived: OnnxModel) => number) => Promise<Made | undefined>;
}

function plan(derivation: Derivation): Promise<Plan> {
  switch (derivation.graph) {
    case "score":
      return planRewriting(derivation);
    case "jvp":
      return planTangent(derivation);
    case "guided":
      return planGuided(derivation);
  }
}

type Asked<Graph extends Derivation["graph"]> = Extract<Derivation, { graph: Graph }>;

async function planRewriting({ score }: Asked<"score">): Promise<Plan> {
  const { model, bytes } = await readNetwork(score.path);
  return {
    // All of its inputs and outputs stay.
    key: derivationKey(bytes, "rewritten", { input: "", output: "", ...rewriterOf(true) }),
    make: async (rowsOf) => {
      const compared = await rewrittenAndCompared(model, REWRITES.score, rowsOf(model));
      return compared && { graph: writeModel(compared.model), error: compared.error };
    },
  };
}

async function planTangent({ score, rewrite = false }: Asked<"jvp">): Promise<Plan> {
  const { model, bytes } = await readNetwork(score.path);
  const { input, output } = score;
  return {
    key: derivationKey(bytes, "forward", { input, output, ...rewriterOf(rewrite) }),
    make: async (rowsOf) => {
      const compared = rewrite
        ? await rewrittenAndCompared(model, REWRITES.jvp, rowsOf(model))
        : undefined;
      const derived = forwardMode(compared?.model ?? model, score);
      const mostRows = rowsOf(derived);
      const graph = writeModel(derived);
      return made(graph, await proveTangent(writeModel(model), graph, score, { mostRows }));
    },
  };
}

async function planGuided({ score, classifier, rewrite = false }: Asked<"guided">): Promise<Plan> {
  const [network, judge] = [await readNetwork(score.path), await readNetwork(classifier.path)];
  const { input, output, kind } = classifier;
  const options: GuidedOptions = {
    scoreOutput: score.output,
    classifier: { input, output, kind },
  };
  const question = { input, output: `${score.output}, ${output} as ${kind}` };
  return {
    key: derivationKey([...network.bytes, ...judge.bytes], "guided", {
      ...question,
      ...rewriterOf(rewrite),
    }),
    make: async (rowsOf) => {
      const plain = guided(network.model, judge.model, options);
      const mostRows = rowsOf(plain);
      const compared = rewrite
        ? await rewrittenAndCompared(plain, REWRITES.guided, mostRows)
        : undefined;
      const derived = writeModel(compared?.model ?? plain);
      const files = {
        score: writeModel(network.model),
        classifier: writeModel(judge.model),
        derived,
      };
      return made(derived, await proveGuided(files, options, { mostRows }));
    },
  };
}

function rewriterOf(rewrite: boolean): { readonly rewriter?: number } {
  return rewrite ? { rewriter: REWRITER_VERSION } : {};
}

function made(graph: Uint8Array, { accepted, error }: DerivativeProof): Made {
  if (accepted) return { graph, error };
  throw new RangeError(
    `the derived graph differs from central differences by ${error.toExponential(1)}, too much to be served`,
  );
}
