import { int } from "./attribute.ts";
import type { DifferentiationPath } from "./differentiation-path.ts";
import { sub } from "./emit/arithmetic.ts";
import { indices } from "./emit/constant.ts";
import { castTo, unsqueezed } from "./emit/shape.ts";
import type { Emitter } from "./emitter.ts";
import type { OnnxModel } from "./model-file.ts";
import { gradientName, pulledBackFrom, type Seed } from "./reverse.ts";
import { type Dimension, valueInfo } from "./value-info.ts";

/** What a classifier's output holds: logits before softmax, or their log-softmax. */
export type ClassifierOutput = "logits" | "log-probabilities";

/** A classifier's output [batch, classes], and the input to differentiate in. */
export interface ClassifierPath extends DifferentiationPath {
  readonly kind: ClassifierOutput;
}

/** The input with the class of each row. */
export const LABEL_INPUT = "label";

/**
 * From a classifier p(class | x) to the gradient of log p(label | x) in x: the model with one more input, `label`
 * (int64 [batch], from 0 to classes - 1), and one more output, `<input>_gradient`. Its way back starts from the
 * gradient in the logits, onehot(label) - softmax(logits), so that no logarithm is taken. Pure.
 *
 * @throws RangeError where there is no such input or output, the output does not depend on the input, or is not of
 *   [batch, classes] with a known number of classes; where the model has an input `label`
 * @throws DifferentiationError at the first node that can't be differentiated
 */
export function logProbabilityGradient(model: OnnxModel, path: ClassifierPath): OnnxModel {
  const seed: Seed = (graph, { name }) => {
    const chosen = chosenClass(graph, name);
    if (path.kind === "log-probabilities") return chosen;
    return sub(graph, chosen, graph.node("Softmax", [name], { axis: int(-1) }));
  };
  return pulledBackFrom(model, path, {
    mode: "log-probability",
    made: gradientName(path.input),
    seed,
  });
}

/** [batch, classes] of the type of the output: 1 in the column of the label, else 0. */
function chosenClass(graph: Emitter, output: string): string {
  const { type = "float32", shape } = graph.fact(output);
  const [batch, classes] = shape ?? [];
  if (shape?.length !== 2 || typeof classes !== "number") {
    throw new RangeError(`the output ${output} is [${seen(shape)}], not [batch, classes]`);
  }
  const label = graph.input(valueInfo(LABEL_INPUT, "int64", [batch]));
  const all = indices(
    graph,
    Array.from({ length: classes }, (_, i) => i),
  );
  return castTo(graph, graph.node("Equal", [unsqueezed(graph, label, [1]), all]), type);
}

function seen(shape: readonly Dimension[] | undefined): string {
  return shape?.map((dim) => dim ?? "?").join(", ") ?? "...";
}
