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
