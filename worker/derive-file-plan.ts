import {
  type ClassifierOutput,
  type DifferentiationPath,
  forwardMode,
  gradientMode,
  guided,
  logProbabilityGradient,
  type OnnxModel,
  reverseMode,
  writeModel,
} from "../onnx/index.ts";
import { chosenInput, chosenLogits, chosenOutput } from "./chosen-value.ts";
import {
  proveCotangent,
  proveGradient,
  proveGuided,
  proveLogProbabilityGradient,
} from "./derivative-gradient-proof.ts";
import { type DerivativeProof, type ProofOptions, proveTangent } from "./derivative-proof.ts";

/** A network's file and the values to differentiate; undefined: the only ones that can be meant. */
export interface NetworkFile {
  readonly path: string;
  readonly input: string | undefined;
  readonly output: string | undefined;
}

/** What to derive. Of "guided", `network` is the score network, whose input has no part in it. */
export type FileDerivation =
  | { readonly mode: "jvp" | "vjp" | "grad"; readonly network: NetworkFile }
  | { readonly mode: "label-grad"; readonly network: NetworkFile; readonly kind: ClassifierOutput }
  | {
      readonly mode: "guided";
      readonly network: NetworkFile;
      readonly classifier: NetworkFile;
      readonly kind: ClassifierOutput;
    };

/** A derived model that waits for its proof. */
export interface Plan {
  /** What was differentiated. */
  readonly path: DifferentiationPath;
  readonly derived: OnnxModel;
  readonly prove: (derived: Uint8Array, options: ProofOptions) => Promise<DerivativeProof>;
}

const MODES = {
  jvp: { differentiated: forwardMode, prove: proveTangent },
  vjp: { differentiated: reverseMode, prove: proveCotangent },
  grad: { differentiated: gradientMode, prove: proveGradient },
} as const;

/**
 * Derives as asked, by flags of the command `derive`, which errors name.
 *
 * @param read the model of a file
 * @throws RangeError for a value that is not there or not clear, or as the modes do
 * @throws DifferentiationError at the first node that can't be differentiated
 */
export async function planned(
  derivation: FileDerivation,
  read: (path: string) => Promise<OnnxModel>,
): Promise<Plan> {
  const { network } = derivation;
  const model = await read(network.path);
  const original = writeModel(model);
  switch (derivation.mode) {
    case "jvp":
    case "vjp":
    case "grad": {
      const path = {
        input: chosenInput(model, network, "--input"),
        output: chosenOutput(model, network, "--output-name"),
      };
      const { differentiated, prove } = MODES[derivation.mode];
      return {
        path,
        derived: differentiated(model, path),
        prove: (derived, options) => prove(original, derived, path, options),
      };
    }
    case "label-grad": {
      const path = {
        input: chosenInput(model, network, "--input"),
        output: chosenLogits(model, network, "--output-name"),
        kind: derivation.kind,
      };
      return {
        path,
        derived: logProbabilityGradient(model, path),
        prove: (derived, options) => proveLogProbabilityGradient(original, derived, path, options),
      };
    }
    case "guided": {
      const judge = await read(derivation.classifier.path);
      const path = {
        input: chosenInput(judge, derivation.classifier, "--classifier-input"),
        output: chosenLogits(judge, derivation.classifier, "--classifier-output"),
        kind: derivation.kind,
      };
      const options = {
        scoreOutput: chosenOutput(model, network, "--output-name"),
        classifier: path,
      };
      const files = { score: original, classifier: writeModel(judge) };
      return {
        path,
        derived: guided(model, judge, options),
        prove: (derived, proof) => proveGuided({ ...files, derived }, options, proof),
      };
    }
  }
}
