import { type GraphProto, ModelProto } from "./gen/onnx.ts";

/** A model with a graph: what every ONNX file holds. */
export type OnnxModel = ModelProto & { graph: GraphProto };

/**
 * Decodes the bytes of an ONNX file. Fields that the schema does not declare are kept and written again.
 * The tensors' raw data are views of `bytes`, not copies.
 *
 * @throws RangeError where the bytes are no ONNX model: not protobuf, no graph, no operator set.
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  const model = decode(bytes);
  if (!hasGraph(model)) throw new RangeError("not an ONNX file: it holds no graph");
  if (model.opsetImport.length === 0) {
    throw new RangeError("not an ONNX file: it names no operator set");
  }
  return model;
}

function decode(bytes: Uint8Array): ModelProto {
  try {
    return ModelProto.decode(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RangeError(`not an ONNX file: ${reason}`, { cause: error });
  }
}

function hasGraph(model: ModelProto): model is OnnxModel {
  return model.graph !== undefined;
}

/** Encodes a model as the bytes of an ONNX file. The same model gives the same bytes. */
export function writeModel(model: ModelProto): Uint8Array {
  return ModelProto.encode(model).finish();
}
