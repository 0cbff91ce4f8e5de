import { int, ints } from "../attribute.ts";
import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";
import { tensor } from "../tensor.ts";
import { numberOf, ownProducer, type Rewrite, type Weights, weightsOf } from "./rewrite.ts";

/** Pictures: [N, C, H, W]. */
const RANK = 4;

/**
 * s (a + conv(b)) = s a + conv'(b), s a number of the file and conv' with weights times s: the end of a residual block.
 *
 * ONNX Runtime has its convolutions in a layout of their own, and adds to one what else is in that layout as part of the
 * convolution. A product with a number takes a tensor out of it, so that it has to be reordered for the next one. What
 * is no convolution is scaled by one of 1x1 that keeps its channels apart.
 */
export const scaledSum: Rewrite = (node, graph) => {
  if (node.opType !== "Mul") return [];
  const [a = "", b = ""] = node.input;
  const [scale = numberOf(graph, a, RANK), sumName] =
    numberOf(graph, b, RANK) === undefined ? [undefined, b] : [numberOf(graph, b, RANK), a];
  const sum = ownProducer(graph, sumName, "Add", node);
  const [left = "", right = ""] = sum?.input ?? [];
  if (scale === undefined || sum === undefined) return [];
  const channels = channelsOf(graph, left);
  if (channels === undefined || channels !== channelsOf(graph, right)) return [];
  const terms = [left, right];
  const convolutions = terms.map((term) => constantConvolution(graph, term, sum));
  if (convolutions.every((found) => found === undefined)) return [];
  const scaled = terms.map((term, i) => {
    const found = convolutions[i];
    return found === undefined
      ? scaledChannels(graph, term, channels, scale)
      : scaledConvolution(graph, found, scale);
  });
  graph.define(node.output, "Add", scaled);
  return [node];
};

function channelsOf(graph: Emitter, value: string): number | undefined {
  const { shape, type } = graph.fact(value);
  const channels = shape?.[1];
  const isPicture = shape?.length === RANK && type === "float32";
  return isPicture && typeof channels === "number" ? channels : undefined;
}

interface ConstantConvolution {
  readonly node: GraphNode;
  readonly weights: Weights;
  readonly bias: Weights | undefined;
}

/** The convolution with weights of the file that makes a term of a sum, for nobody else. */
function constantConvolution(
  graph: Emitter,
  term: string,
  sum: GraphNode,
): ConstantConvolution | undefined {
  const node = ownProducer(graph, term, "Conv", sum);
  const [, w, b = ""] = node?.input ?? [];
  const [weights, bias] = [weightsOf(graph, w), weightsOf(graph, b)];
  if (node === undefined || weights === undefined || (b !== "" && bias === undefined)) {
    return undefined;
  }
  return { node, weights, bias };
}

function scaledConvolution(
  graph: Emitter,
  { node, weights, bias }: ConstantConvolution,
  scale: number,
): string {
  const times = ({ shape, values }: Weights): string =>
    graph.constant(
      tensor(
        "float32",
        shape,
        values.map((value) => scale * value),
      ),
    );
  const parameters = bias === undefined ? [times(weights)] : [times(weights), times(bias)];
  return graph.again(node, [node.input[0] ?? "", ...parameters])[0] ?? "";
}

function scaledChannels(graph: Emitter, x: string, channels: number, scale: number): string {
  const shape = [channels, 1, 1, 1];
  const weights = graph.constant(tensor("float32", shape, Array<number>(channels).fill(scale)));
  const attributes = { group: int(channels), kernel_shape: ints([1, 1]) };
  return graph.node("Conv", [x, weights], attributes);
}
