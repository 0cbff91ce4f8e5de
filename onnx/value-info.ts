import { ELEMENT_TYPES, type ElementType } from "./element-type.ts";
import { type TensorShapeProto_Dimension, ValueInfoProto } from "./gen/onnx.ts";

/** A dimension: a number, the name of one that is known only at run time, or undefined. */
export type Dimension = number | string | undefined;

/** The name, element type and shape of a value as ONNX writes them. */
export function valueInfo(
  name: string,
  type: ElementType,
  shape: readonly Dimension[],
): ValueInfoProto {
  const elemType = ELEMENT_TYPES[type];
  return ValueInfoProto.create({
    name,
    type: { tensorType: { elemType, shape: { dim: shape.map(dimensionProto) } } },
  });
}

function dimensionProto(dimension: Dimension): TensorShapeProto_Dimension {
  switch (typeof dimension) {
    case "number":
      return { value: { $case: "dimValue", value: BigInt(dimension) }, denotation: "" };
    case "string":
      return { value: { $case: "dimParam", value: dimension }, denotation: "" };
    default:
      return { value: undefined, denotation: "" };
  }
}
