import { AttributeProto, TensorProto } from "./gen/onnx.ts";
import { type GraphNode, isStandardDomain } from "./node-attributes.ts";

/** Operators that give something else each time. */
const RANDOM = /^(Random|Bernoulli|Multinomial)/;

/** Equal for nodes that compute the same: operator, attributes, inputs, which outputs there are. */
export function expressionKey(node: GraphNode, outputs: readonly boolean[]): string {
  const attributes = node.attribute
    .map((attribute) => hex(AttributeProto.encode(attribute).finish()))
    .sort();
  const domain = isStandardDomain(node.domain) ? "" : node.domain;
  const own = RANDOM.test(node.opType) ? node.output : [];
  return JSON.stringify([domain, node.opType, node.input, attributes, outputs, own]);
}

/** Equal for constants of the same type, shape and elements. */
export function tensorKey(tensor: TensorProto): string {
  return hex(TensorProto.encode({ ...tensor, name: "" }).finish());
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
