import { isDifferentiable } from "../onnx/fact.ts";
import { type OnnxModel, signatureOf, type ValueSignature } from "../onnx/index.ts";
import type { NetworkFile } from "./derive-file-plan.ts";

/**
 * The input to differentiate in: the one that is named; else the only one of real numbers and four dimensions; else
 * the only one of real numbers.
 *
 * @param flag what names it, for errors
 * @throws RangeError with the names there are, where there is none of that name or not one alone
 */
export function chosenInput(model: OnnxModel, file: NetworkFile, flag: string): string {
  const inputs = signatureOf(model).inputs;
  const pictures = real(inputs).filter(({ shape }) => shape?.length === 4);
  return chosen("input", inputs, pictures.length > 0 ? pictures : real(inputs), {
    file: file.path,
    name: file.input,
    flag,
  });
}

/** The output to differentiate: the one that is named, else the only one of real numbers. As `chosenInput`. */
export function chosenOutput(model: OnnxModel, file: NetworkFile, flag: string): string {
  const { outputs } = signatureOf(model);
  return chosen("output", outputs, real(outputs), { file: file.path, name: file.output, flag });
}

/** A classifier's output. @throws RangeError as `chosenOutput`, and for one that softmax has made probabilities */
export function chosenLogits(model: OnnxModel, file: NetworkFile, flag: string): string {
  const name = chosenOutput(model, file, flag);
  const maker = model.graph.node.find(({ output }) => output.includes(name));
  if (maker?.opType === "Softmax") {
    throw new RangeError(
      `${file.path}: the output ${name} holds probabilities, made by Softmax, where logits or their log-softmax are ` +
        "needed: export the classifier without its last softmax",
    );
  }
  return name;
}

function real(values: readonly ValueSignature[]): readonly ValueSignature[] {
  return values.filter(({ type }) => type !== undefined && isDifferentiable(type));
}

function chosen(
  kind: "input" | "output",
  all: readonly ValueSignature[],
  candidates: readonly ValueSignature[],
  { file, name, flag }: { file: string; name: string | undefined; flag: string },
): string {
  if (name !== undefined && all.some((value) => value.name === name)) return name;
  const [only] = candidates;
  if (name === undefined && only !== undefined && candidates.length === 1) return only.name;
  const seen = name === undefined ? `more than one ${kind} could be meant` : `no ${kind} ${name}`;
  const problem = candidates.length === 0 ? `no ${kind} of real numbers` : seen;
  const list = all.map(signatureText).join(", ");
  throw new RangeError(`${file}: ${problem}; ${flag} NAME takes one of ${list}`);
}

/** A value as people write it, such as `x float32 [batch, 3, 32, 32]`. */
export function signatureText({ name, type, shape }: ValueSignature): string {
  const dims = shape === undefined ? "..." : shape.map((dim) => dim ?? "?").join(", ");
  return `${name} ${type ?? "?"} [${dims}]`;
}
