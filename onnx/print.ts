import { elementTypeName } from "./element-type.ts";
import { type Fact, factOfValueInfo } from "./fact.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";
import { tensorNumbers } from "./tensor-values.ts";

/** Tensors up to this many elements are printed with their numbers. */
const PRINTED_ELEMENTS = 8;

/**
 * A model as text to read, in the manner of ONNX's own syntax (onnx/docs/Syntax.md): a line a node, with the numbers
 * of small constants. The same model gives the same text.
 */
export function printed(model: OnnxModel): string {
  const opsets = model.opsetImport.map(({ domain, version }) => `"${domain}": ${version}`);
  return `<ir_version: ${model.irVersion}, opset_import: [${opsets.join(", ")}]>\n${graphText(model.graph, "")}`;
}

function graphText(graph: GraphProto, indent: string): string {
  const inner = `${indent}  `;
  const constants = graph.initializer.map((tensor) => `${inner}${tensorText(tensor)}\n`);
  const nodes = graph.node.map((node) => `${inner}${nodeText(node, inner)}\n`);
  const inputs = graph.input.map(valueText).join(", ");
  const outputs = graph.output.map(valueText).join(", ");
  const before = constants.length === 0 ? "" : `<\n${constants.join("")}${indent}> `;
  return `${graph.name} (${inputs}) => (${outputs}) ${before}{\n${nodes.join("")}${indent}}\n`;
}

function valueText(info: ValueInfoProto): string {
  return `${typeText(factOfValueInfo(info))} ${info.name}`;
}

function typeText({ type, shape }: Fact): string {
  const dims = shape?.map((dim) => dim ?? "?").join(",");
  return `${type ?? "?"}${dims === undefined ? "[...]" : dims === "" ? "" : `[${dims}]`}`;
}

function tensorText(tensor: TensorProto): string {
  const shape = tensor.dims.map(Number);
  const type = typeText({ type: elementTypeName(tensor.dataType), shape });
  return `${type} ${tensor.name} = ${numbersText(tensor)}`;
}

function numbersText(tensor: TensorProto): string {
  const count = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
  const numbers = count <= PRINTED_ELEMENTS ? tensorNumbers(tensor) : undefined;
  return numbers === undefined ? "{...}" : `{${numbers.join(", ")}}`;
}

function nodeText(node: NodeProto, indent: string): string {
  const domain = node.domain === "" ? "" : `${node.domain}.`;
  const attributes = node.attribute.map((attribute) => attributeText(attribute, indent));
  const between = attributes.length === 0 ? " " : ` <${attributes.join(", ")}> `;
  return `${node.output.join(", ")} = ${domain}${node.opType}${between}(${node.input.join(", ")})`;
}

function attributeText(attribute: AttributeProto, indent: string): string {
  return `${attribute.name} = ${attributeValue(attribute, indent)}`;
}

function attributeValue(attribute: AttributeProto, indent: string): string {
  const text = (bytes: Uint8Array): string => `"${new TextDecoder().decode(bytes)}"`;
  switch (attribute.type) {
    case AttributeProto_AttributeType.FLOAT:
      return String(attribute.f);
    case AttributeProto_AttributeType.INT:
      return String(attribute.i);
    case AttributeProto_AttributeType.STRING:
      return text(attribute.s);
    case AttributeProto_AttributeType.TENSOR:
      return attribute.t === undefined ? "" : numbersText(attribute.t);
    case AttributeProto_AttributeType.GRAPH:
      return attribute.g === undefined ? "" : graphText(attribute.g, indent).trimEnd();
    case AttributeProto_AttributeType.FLOATS:
      return `[${attribute.floats.join(", ")}]`;
    case AttributeProto_AttributeType.INTS:
      return `[${attribute.ints.join(", ")}]`;
    case AttributeProto_AttributeType.STRINGS:
      return `[${attribute.strings.map(text).join(", ")}]`;
    default:
      return "?";
  }
}
