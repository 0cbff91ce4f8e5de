import { constantOf, type Fact, UNKNOWN } from "../fact.ts";
import { type GraphNode, intsOf } from "../node-attributes.ts";

export interface InferenceContext {
  readonly node: GraphNode;
  readonly opset: number;
  /** One an input; undefined for one left out. */
  readonly inputs: readonly (Fact | undefined)[];
}

/** The facts of an operator's outputs. */
export type InferenceRule = (context: InferenceContext) => readonly Fact[];

export type InferenceRules = Readonly<Record<string, InferenceRule>>;

/** One rule for several operators, their names separated by spaces. */
export function rulesFor(operators: string, rule: InferenceRule): InferenceRules {
  return Object.fromEntries(operators.split(" ").map((operator) => [operator, rule]));
}

/** The fact of an input; UNKNOWN for one left out. */
export function inputFact({ inputs }: InferenceContext, index: number): Fact {
  return inputs[index] ?? UNKNOWN;
}

/** Whether an input is given. */
export function hasInput({ inputs }: InferenceContext, index: number): boolean {
  return inputs[index] !== undefined;
}

/** The numbers of an input that are constants; undefined where it is left out or not all are known. */
export function constantInput(
  { inputs }: InferenceContext,
  index: number,
): readonly number[] | undefined {
  const fact = inputs[index];
  return fact === undefined ? undefined : constantOf(fact);
}

/** The axes of an operator that has them as an attribute in older opsets and as an input in newer ones. */
export function axesOf(
  context: InferenceContext,
  index: number,
):
  | { readonly given: false }
  | { readonly given: true; readonly axes: readonly number[] | undefined } {
  const axes = intsOf(context.node, "axes");
  if (axes !== undefined) return { given: true, axes };
  if (!hasInput(context, index)) return { given: false };
  return { given: true, axes: constantInput(context, index) };
}
