import { createHash } from "node:crypto";
import type { DifferentiationPath } from "./differentiation-path.ts";
import type { OnnxModel } from "./model-file.ts";

/** To raise with every change that changes a derived graph: files derived before are then derived again. */
export const DERIVER_VERSION = 3;

export type DerivationMode =
  | "forward"
  | "reverse"
  | "gradient"
  | "log-probability"
  | "guided"
  | "rewritten";

/** What a derived graph is asked for: the path, and what else its mode has to be told. */
export interface DerivationQuestion extends DifferentiationPath {
  /** Of "log-probability" and "guided": what the classifier's output holds. */
  readonly kind?: string;
  /** Of "guided": the score network's output. The path is the classifier's. */
  readonly scoreOutput?: string;
  /** Where the networks are rewritten for a CPU: the version of the rewriter. */
  readonly rewriter?: number | undefined;
}

/**
 * The key under which a derived graph is kept: equal only for the same source, question and version of the deriver.
 *
 * @param source the bytes of the ONNX file, then those of each file outside it that its tensors lie in; of "guided",
 *   those of the score network, then those of the classifier
 * @returns 64 hexadecimal digits
 */
export function derivationKey(
  source: readonly Uint8Array[],
  mode: DerivationMode,
  { input, output, kind, scoreOutput, rewriter }: DerivationQuestion,
): string {
  const asked = kind === undefined && scoreOutput === undefined ? [] : [kind, scoreOutput];
  const rest = rewriter === undefined ? asked : [...asked, { rewriter }];
  const parts = source.map((bytes) => createHash("sha256").update(bytes).digest("hex"));
  const question = JSON.stringify([DERIVER_VERSION, mode, input, output, parts, ...rest]);
  return createHash("sha256").update(question).digest("hex");
}

/** A derived model with what it was made by in its metadata, in place of the source's maker. Pure. */
export function withOrigin(
  model: OnnxModel,
  mode: DerivationMode,
  { input, output }: DifferentiationPath,
): OnnxModel {
  const value = `${mode} mode of ${output} in ${input}, deriver ${DERIVER_VERSION}`;
  const derivation = { key: "scorestream.derivation", value };
  return {
    ...model,
    producerName: "scorestream",
    producerVersion: "",
    metadataProps: [...model.metadataProps, derivation],
  };
}
