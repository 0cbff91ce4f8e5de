import { type ElementType, elementTypeName } from "./element-type.ts";
import type { TensorShapeProto, ValueInfoProto } from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";
import type { Dimension } from "./value-info.ts";

/** An input or an output of a model. */
export interface ValueSignature {
  readonly name: string;
  /** undefined: not a tensor, or of a type without a name here. */
  readonly type: ElementType | undefined;
  /** undefined: of unknown rank. */
  readonly shape: readonly Dimension[] | undefined;
}

/** What a model takes and gives. */
export interface Signature {
  /** Without the inputs that initialisers give a value to. */
  readonly inputs: readonly ValueSignature[];
  readonly outputs: readonly ValueSignature[];
}

/** The inputs and outputs of a model, in the file's order. Pure. */
export function signatureOf({ graph }: OnnxModel): Signature {
  const initialized = new Set(graph.initializer.map((tensor) => tensor.name));
  return {
    inputs: graph.input.filter(({ name }) => !initialized.has(name)).map(valueSignature),
    outputs: graph.output.map(valueSignature),
  };
}

function valueSignature({ name, type }: ValueInfoProto): ValueSignature {
  const tensor = type?.tensorType;
  return {
    name,
    type: tensor === undefined ? undefined : elementTypeName(tensor.elemType),
    shape: shapeOfProto(tensor?.shape),
  };
}

/** The dimensions of a shape; undefined for one of unknown rank. */
export function shapeOfProto(
  shape: TensorShapeProto | undefined,
): readonly Dimension[] | undefined {
  return shape?.dim.map(({ value }) => {
    switch (value?.$case) {
      case "dimValue":
        return Number(value.value);
      case "dimParam":
        return value.value === "" ? undefined : value.value;
      default:
        return undefined;
    }
  });
}
