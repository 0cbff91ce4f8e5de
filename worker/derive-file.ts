import { stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type DifferentiationPath, OPSETS } from "../onnx/differentiation-path.ts";
import { standardOpset } from "../onnx/graph.ts";
import {
  type ClassifierOutput,
  forwardMode,
  gradientMode,
  guided,
  logProbabilityGradient,
  type OnnxModel,
  reverseMode,
  signatureOf,
  type ValueSignature,
  writeModel,
} from "../onnx/index.ts";
import { chosenInput, chosenLogits, chosenOutput } from "./chosen-value.ts";
import {
  proveCotangent,
  proveGradient,
  proveGuided,
  proveLogProbabilityGradient,
} from "./derivative-gradient-proof.ts";
import {
  DERIVATIVE_TOLERANCE,
  type DerivativeProof,
  type ProofOptions,
  proveTangent,
} from "./derivative-proof.ts";
import { writeWhole } from "./derived-files.ts";
import { readNetwork } from "./read-network.ts";

/** A network's file and the values to differentiate; undefined: the only ones that can be meant. */
export interface NetworkFile {
  readonly path: string;
  readonly input: string | undefined;
  readonly output: string | undefined;
}

/** What to derive. Of "guided", `network` is the score network, whose input has no part in it. */
export type FileDerivation =
  | { readonly mode: "jvp" | "vjp" | "grad"; readonly network: NetworkFile }
  | {
      readonly mode: "label-grad";
      readonly network: NetworkFile;
      readonly kind: ClassifierOutput;
    }
  | {
      readonly mode: "guided";
      readonly network: NetworkFile;
      readonly classifier: NetworkFile;
      readonly kind: ClassifierOutput;
    };

export interface DeriveFileOptions {
  /** undefined: beside the network, `model.jvp.onnx` for `model.onnx`. */
  readonly output: string | undefined;
  /** Whether a file that exists is overwritten; never one of those read. */
  readonly force: boolean;
  /** Lengths, in the proof, of dimensions known at run time, by name; of a first one 4 where it has none. */
  readonly dims: Readonly<Record<string, number>>;
}

/** What was written. */
export interface DerivedFile {
  readonly file: string;
  readonly mode: FileDerivation["mode"];
  /** The files read, and the path through them that was differentiated. */
  readonly from: DifferentiationPath & { readonly files: readonly string[] };
  readonly opset: number;
  readonly inputs: readonly ValueSignature[];
  readonly outputs: readonly ValueSignature[];
  /** Nodes of the files read, and of the one written. */
  readonly nodes: { readonly source: number; readonly derived: number };
  readonly bytes: number;
  readonly proof: {
    /** Against central differences, relative. */
    readonly error: number;
    /** Of what the source computes too, relative. */
    readonly valueError: number;
    readonly tolerance: number;
  };
}

/**
 * Derives a network's file, compares the result with central differences, and writes it, with all weights inside.
 *
 * @throws Error, with a message for the user, where nothing was written: a file that can't be read or written or that
 *   exists, a value that is not there or not clear, a graph that can't be differentiated or that fails the comparison
 */
export async function deriveFile(
  derivation: FileDerivation,
  options: DeriveFileOptions,
): Promise<DerivedFile> {
  const files = filesOf(derivation);
  const file = options.output ?? besideName(derivation);
  await checkTarget(file, files, options.force);
  const sources: OnnxModel[] = [];
  for (const path of files) sources.push(await readSource(path));
  checkDims(sources, options.dims);

  const { path, derived, prove } = planOf(derivation, sources);
  const bytes = writeModel(derived);
  checkSize(bytes);
  const { dims } = options;
  const rows = dims[batchName(sources, path.input) ?? ""];
  const proof = await prove(bytes, { dims, ...(rows !== undefined && { rows }) });
  if (!proof.accepted) throw refused(proof);

  if (options.force) await writeWhole(file, bytes);
  else await writeFile(file, bytes, { flag: "wx" });
  const { error, valueError } = proof;
  return {
    file,
    mode: derivation.mode,
    from: { input: path.input, output: path.output, files },
    opset: standardOpset(derived),
    ...signatureOf(derived),
    nodes: {
      source: sources.reduce((sum, { graph }) => sum + graph.node.length, 0),
      derived: derived.graph.node.length,
    },
    bytes: bytes.length,
    proof: { error, valueError, tolerance: DERIVATIVE_TOLERANCE },
  };
}

interface Plan {
  readonly path: DifferentiationPath;
  readonly derived: OnnxModel;
  readonly prove: (derived: Uint8Array, options: ProofOptions) => Promise<DerivativeProof>;
}

const MODES = {
  jvp: { derive: forwardMode, prove: proveTangent },
  vjp: { derive: reverseMode, prove: proveCotangent },
  grad: { derive: gradientMode, prove: proveGradient },
} as const;

/** @param sources the models of `filesOf`, in its order */
function planOf(derivation: FileDerivation, [network, judge]: readonly OnnxModel[]): Plan {
  if (network === undefined) throw new RangeError("no network");
  const original = writeModel(network);
  switch (derivation.mode) {
    case "jvp":
    case "vjp":
    case "grad": {
      const path = pathOf(network, derivation.network);
      const { derive, prove } = MODES[derivation.mode];
      return {
        path,
        derived: derive(network, path),
        prove: (derived, options) => prove(original, derived, path, options),
      };
    }
    case "label-grad": {
      const path = classifierPath(network, derivation.network, derivation.kind);
      return {
        path,
        derived: logProbabilityGradient(network, path),
        prove: (derived, options) => proveLogProbabilityGradient(original, derived, path, options),
      };
    }
    case "guided": {
      if (judge === undefined) throw new RangeError("no classifier");
      const score = derivation.network;
      const scoreOutput = chosenOutput(network, score.path, score.output, "--output-name");
      const path = classifierPath(judge, derivation.classifier, derivation.kind, "classifier-");
      const question = { scoreOutput, classifier: path };
      const classifier = writeModel(judge);
      return {
        path,
        derived: guided(network, judge, question),
        prove: (derived, options) =>
          proveGuided({ score: original, classifier, derived }, question, options),
      };
    }
  }
}

function pathOf(model: OnnxModel, { path, input, output }: NetworkFile): DifferentiationPath {
  return {
    input: chosenInput(model, path, input, "--input"),
    output: chosenOutput(model, path, output, "--output-name"),
  };
}
