import type { AttributeProto, GraphProto, TensorProto } from "./gen/onnx.ts";
import { TensorProto_DataLocation } from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";

/**
 * The files outside the ONNX file that its tensors lie in, each once: paths relative to the ONNX file's folder,
 * as written there and NOT checked. A tensor that names no file gives "".
 */
export function externalLocations(model: OnnxModel): readonly string[] {
  const locations = new Set<string>();
  for (const tensor of tensorsOf(model.graph)) {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    const entry = tensor.externalData.find(({ key }) => key === "location");
    locations.add(entry?.value ?? "");
  }
  return [...locations];
}

function* tensorsOf(graph: GraphProto): Generator<TensorProto, void, undefined> {
  yield* graph.initializer;
  for (const node of graph.node) {
    for (const attribute of node.attribute) yield* attributeTensors(attribute);
  }
}

function* attributeTensors(attribute: AttributeProto): Generator<TensorProto, void, undefined> {
  if (attribute.t !== undefined) yield attribute.t;
  yield* attribute.tensors;
  if (attribute.g !== undefined) yield* tensorsOf(attribute.g);
  for (const graph of attribute.graphs) yield* tensorsOf(graph);
}

/**
 * The model with the tensors that lie outside the file read in. Their data are views of the given bytes, not copies.
 *
 * @param files bytes by location, as `externalLocations` names them
 * @throws RangeError for a location without bytes or a part that the bytes don't have.
 */
export function withExternalData(
  model: OnnxModel,
  files: ReadonlyMap<string, Uint8Array>,
): OnnxModel {
  return { ...model, graph: graphWithData(model.graph, files) };
}

type Files = ReadonlyMap<string, Uint8Array>;

function graphWithData(graph: GraphProto, files: Files): GraphProto {
  const node = graph.node.map((entry) => ({
    ...entry,
    attribute: entry.attribute.map((attribute) => ({
      ...attribute,
      t: attribute.t && tensorWithData(attribute.t, files),
      g: attribute.g && graphWithData(attribute.g, files),
      tensors: attribute.tensors.map((tensor) => tensorWithData(tensor, files)),
      graphs: attribute.graphs.map((inner) => graphWithData(inner, files)),
    })),
  }));
  const initializer = graph.initializer.map((tensor) => tensorWithData(tensor, files));
  return { ...graph, node, initializer };
}

function tensorWithData(tensor: TensorProto, files: Files): TensorProto {
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) return tensor;
  const entry = (key: string): string | undefined =>
    tensor.externalData.find((found) => found.key === key)?.value;
  const location = entry("location") ?? "";
  const bytes = files.get(location);
  if (bytes === undefined) {
    throw new RangeError(`the tensor ${tensor.name} lies in ${location}, which was not given`);
  }
  const offset = Number(entry("offset") ?? 0);
  const length = Number(entry("length") ?? bytes.length - offset);
  if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
    throw new RangeError(
      `the tensor ${tensor.name} is at ${offset} of ${location}, ${length} bytes; the file has ${bytes.length}`,
    );
  }
  return {
    ...tensor,
    rawData: bytes.subarray(offset, offset + length),
    dataLocation: TensorProto_DataLocation.DEFAULT,
    externalData: [],
  };
}
