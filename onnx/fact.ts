import { type ElementType, elementTypeName } from "./element-type.ts";
import type { TensorProto, ValueInfoProto } from "./gen/onnx.ts";
import { shapeOfProto } from "./signature.ts";
import { elementCount } from "./tensor.ts";
import { tensorNumbers } from "./tensor-values.ts";
import type { Dimension } from "./value-info.ts";

/** What is known of a value before it is computed. */
export interface Fact {
  readonly type: ElementType | undefined;
  /** undefined: of unknown rank. */
  readonly shape: readonly Dimension[] | undefined;
  /**
   * Its elements row by row, of tensors up to MAX_ELEMENTS: numbers where they are constants, names where they
   * are dimensions known at run time ("batch"), undefined where neither. Booleans are 0 and 1.
   */
  readonly elements?: readonly Dimension[] | undefined;
}

/** Larger tensors are weights, whose numbers no rule asks for. */
export const MAX_ELEMENTS = 4096;

export const UNKNOWN: Fact = { type: undefined, shape: undefined };

/** The elements where every one is a constant. */
export function constantOf({ elements }: Fact): readonly number[] | undefined {
  const numbers = elements?.filter((element) => typeof element === "number");
  return numbers !== undefined && numbers.length === elements?.length ? numbers : undefined;
}

/** The shape where every dimension is a number. */
export function staticShape({ shape }: Fact): readonly number[] | undefined {
  return constantOf({ type: undefined, shape: undefined, elements: shape });
}

/** Whether two values are known to have the same shape: equal numbers and equal names. */
export function sameShape(a: Fact, b: Fact): boolean {
  if (a.shape === undefined || b.shape === undefined) return false;
  const { shape } = b;
  return a.shape.length === shape.length && a.shape.every((dim, i) => sameDimension(dim, shape[i]));
}

export function sameDimension(a: Dimension, b: Dimension): boolean {
  return a !== undefined && a === b;
}

export function factOfTensor(tensor: TensorProto): Fact {
  const shape = tensor.dims.map(Number);
  const elements = elementCount(shape) <= MAX_ELEMENTS ? tensorNumbers(tensor) : undefined;
  return { type: elementTypeName(tensor.dataType), shape, elements };
}

export function factOfValueInfo({ type }: ValueInfoProto): Fact {
  const tensor = type?.tensorType;
  if (tensor === undefined) return UNKNOWN;
  return { type: elementTypeName(tensor.elemType), shape: shapeOfProto(tensor.shape) };
}

/** Both facts of one value: what `fact` doesn't know is taken from `other`. */
export function merged(fact: Fact, other: Fact): Fact {
  const shape = fact.shape?.map((dim, i) => dim ?? other.shape?.[i]) ?? other.shape;
  return { type: fact.type ?? other.type, shape, elements: fact.elements ?? other.elements };
}

/** Whether values of a type have derivatives. */
export function isDifferentiable(type: ElementType | undefined): boolean {
  return (
    type === undefined ||
    type === "float32" ||
    type === "float64" ||
    type === "float16" ||
    type === "bfloat16"
  );
}
