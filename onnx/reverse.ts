import { cotangentName, pulledBack, type RuleLookup, takenOver } from "./backward.ts";
import { type DerivationMode, withOrigin } from "./derivation-key.ts";
import { checkedGraph, type DifferentiationPath } from "./differentiation-path.ts";
import { scalar } from "./emit/constant.ts";
import { expandedLike } from "./emit/shape.ts";
import { Emitter } from "./emitter.ts";
import type { ValueInfoProto } from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";

/**
 * From f to (f, J^T w), J = df/dx, in one graph: the model with one more input, `<output>_cotangent` (w, of f's shape
 * and type), and one more output, `<input>_cotangent` (J^T w, of x's). One way there and one back. Pure.
 *
 * @param ruleOf where the rules come from; default: the table of all
 * @throws RangeError where there is no such input or output, or the output does not depend on the input
 * @throws DifferentiationError at the first node that can't be differentiated
 */
export function reverseMode(
  model: OnnxModel,
  path: DifferentiationPath,
  ruleOf?: RuleLookup,
): OnnxModel {
  const seed: Seed = (graph, output) =>
    graph.input({ ...output, name: cotangentName(output.name) }, output.name);
  return pulledBackFrom(model, path, {
    mode: "reverse",
    made: cotangentName(path.input),
    seed,
    ruleOf,
  });
}

/**
 * From f, one number a row ([batch] or [batch, 1]), to (f, df/dx): the model with one more output, `<input>_gradient`,
 * each row's gradient in its part of x. Pure.
 *
 * @throws RangeError as `reverseMode`, and for an output of another shape
 * @throws DifferentiationError at the first node that can't be differentiated
 */
export function gradientMode(model: OnnxModel, path: DifferentiationPath): OnnxModel {
  const seed: Seed = (graph, { name }) => {
    const { shape } = graph.fact(name);
    if (shape?.length === 1 || (shape?.length === 2 && shape[1] === 1)) {
      return expandedLike(graph, scalar(graph, 1, name), name);
    }
    const seen = shape?.map((dim) => dim ?? "?").join(", ") ?? "...";
    throw new RangeError(
      `the output ${name} is [${seen}], not one number a row: [batch], [batch, 1]`,
    );
  };
  return pulledBackFrom(model, path, { mode: "gradient", made: gradientName(path.input), seed });
}

/** The name of the gradient in a value. */
export function gradientName(value: string): string {
  return `${value}_gradient`;
}

/** The cotangent of the output, made when all of the source's nodes are in the graph. */
export type Seed = (graph: Emitter, output: ValueInfoProto) => string;

export interface WayBack {
  readonly mode: DerivationMode;
  /** Name of the new output, the cotangent of x. */
  readonly made: string;
  readonly seed: Seed;
  readonly ruleOf?: RuleLookup | undefined;
}

/** The model with the cotangent of x that a cotangent of f gives as one more output. */
export function pulledBackFrom(
  model: OnnxModel,
  path: DifferentiationPath,
  { mode, made, seed, ruleOf }: WayBack,
): OnnxModel {
  const { source, input, output } = checkedGraph(model, path);
  const graph = new Emitter(source);
  graph.reserve(made);
  const steps = takenOver(graph, path, ruleOf);
  const w = seed(graph, output);
  graph.rename(pulledBack(graph, steps, path, w), made);
  const derived = graph.finish([...source.outputs, { ...input, name: made }], [w]);
  return withOrigin(derived, mode, path);
}
