import { type Fact, MAX_ELEMENTS, staticShape } from "../fact.ts";
import { elementCount } from "../tensor.ts";
import type { Dimension } from "../value-info.ts";
import { plus, times } from "./dimension.ts";

type Operation = (operands: readonly Dimension[], isInteger: boolean) => Dimension;

const truth = (value: boolean | undefined): Dimension => (value === undefined ? undefined : +value);

const onNumbers =
  (compute: (a: number, b: number, isInteger: boolean) => number): Operation =>
  ([a, b], isInteger) =>
    typeof a === "number" && typeof b === "number" ? compute(a, b, isInteger) : undefined;

/** Whether two elements are equal; a name is a length, so no negative number. */
function equal(a: Dimension, b: Dimension): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === typeof b) return a === b ? true : typeof a === "number" ? false : undefined;
  const number = typeof a === "number" ? a : b;
  return typeof number === "number" && number < 0 ? false : undefined;
}

/** The operators that shape arithmetic is made of, on one element each. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  Add: ([a, b]) => plus(a, b),
  Sub: ([a, b]) =>
    a !== undefined && a === b ? 0 : b === 0 ? a : onNumbers((x, y) => x - y)([a, b], true),
  Mul: ([a, b]) => times(a, b),
  Div: ([a, b], isInteger) =>
    b === 1 ? a : onNumbers((x, y) => (isInteger ? Math.trunc(x / y) : x / y))([a, b], isInteger),
  Mod: onNumbers((a, b) => a - b * Math.floor(a / b)),
  Pow: onNumbers((a, b) => a ** b),
  Max: (all) => all.reduce((a, b) => onNumbers((x, y) => Math.max(x, y))([a, b], true)),
  Min: (all) => all.reduce((a, b) => onNumbers((x, y) => Math.min(x, y))([a, b], true)),
  Equal: ([a, b]) => truth(equal(a, b)),
  Greater: onNumbers((a, b) => +(a > b)),
  GreaterOrEqual: onNumbers((a, b) => +(a >= b)),
  Less: onNumbers((a, b) => +(a < b)),
  LessOrEqual: onNumbers((a, b) => +(a <= b)),
  And: onNumbers((a, b) => a & b),
  Or: onNumbers((a, b) => a | b),
  Not: ([a]) => (typeof a === "number" ? 1 - a : undefined),
  Neg: ([a]) => (typeof a === "number" ? -a : undefined),
  Abs: ([a]) => (typeof a === "number" ? Math.abs(a) : a),
  Floor: ([a]) => (typeof a === "number" ? Math.floor(a) : a),
  Ceil: ([a]) => (typeof a === "number" ? Math.ceil(a) : a),
  Sqrt: ([a]) => (typeof a === "number" ? Math.sqrt(a) : undefined),
  Identity: ([a]) => a,
  Where: ([condition, a, b]) => (condition === undefined ? undefined : condition === 0 ? b : a),
};

/**
 * The elements of an elementwise operator's output, broadcast; undefined where an input's are not known, the operator
 * is not one of shape arithmetic, or the output is large.
 *
 * @param fact of the output: its type and shape
 */
export function elementwiseElements(
  operator: string,
  inputs: readonly Fact[],
  fact: Fact,
): readonly Dimension[] | undefined {
  const operation = OPERATIONS[operator];
  const shape = staticShape(fact);
  if (operation === undefined || shape === undefined || inputs.length === 0) return undefined;
  const count = elementCount(shape);
  if (count > MAX_ELEMENTS) return undefined;
  const columns = inputs.map((input) => broadcastElements(input, shape, count));
  const known = columns.filter((column) => column !== undefined);
  if (known.length < columns.length) return undefined;
  const isInteger = inputs[0]?.type?.includes("int") ?? false;
  return Array.from({ length: count }, (_, i) => {
    const operands = known.map((column) => column[i]);
    return operation(operands, isInteger);
  });
}

/** The elements of a value broadcast to a shape of `count` elements. */
export function broadcastElements(
  fact: Fact,
  shape: readonly number[],
  count: number,
): readonly Dimension[] | undefined {
  const { elements } = fact;
  const own = staticShape(fact);
  if (elements === undefined || own === undefined) return undefined;
  if (elements.length === count) return elements;
  if (elements.length === 1) return Array.from({ length: count }, () => elements[0]);
  const strides = broadcastStrides(own, shape);
  return Array.from({ length: count }, (_, flat) => {
    let rest = flat;
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const dim = shape[axis] ?? 1;
      index += (rest % dim) * (strides[axis] ?? 0);
      rest = Math.floor(rest / dim);
    }
    return elements[index];
  });
}

/** Steps in `own`'s elements for a step along each axis of the shape that it broadcasts to. */
function broadcastStrides(own: readonly number[], shape: readonly number[]): readonly number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let back = 1; back <= shape.length; back++) {
    const dim = own[own.length - back] ?? 1;
    strides.unshift(dim === 1 ? 0 : stride);
    stride *= dim;
  }
  return strides;
}
