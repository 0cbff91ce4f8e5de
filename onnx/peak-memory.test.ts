import test from "ava";
import { ints } from "./attribute.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { peakMemory } from "./peak-memory.ts";
import { tensor } from "./tensor.ts";
import type { Dimension } from "./value-info.ts";

const PICTURE: readonly Dimension[] = ["batch", 2, 8, 8];
/** Of one picture of two channels. */
const UNIT = 4 * 2 * 8 * 8;

/** A graph of x, with a convolution to so many channels at hand. */
function start() {
  const graph = new GraphBuilder("test");
  const x = graph.input("x", "float32", PICTURE);
  const convolve = (value: string, from: number, to: number): string => {
    const weights = graph.initializer(
      `w_${value}_${to}`,
      tensor("float32", [to, from, 3, 3], new Float32Array(9 * from * to)),
    );
    return graph.node("Conv", [value, weights], { pads: ints([1, 1, 1, 1]) });
  };
  return { graph, x, convolve };
}

function peakOf(
  graph: GraphBuilder,
  last: string,
  shape: readonly Dimension[] = PICTURE,
  rows = 1,
) {
  graph.output(last, "float32", shape);
  const { bytes, unknown } = peakMemory(graph.build({ opset: 17 }), () => rows);
  return [bytes / UNIT, unknown];
}

test("a chain needs its input and what one node reads and makes", (t) => {
  const { graph, x, convolve } = start();
  const wide = convolve(x, 2, 8); // x, and 4 units
  const wider = convolve(wide, 8, 16); // x, 4 and 8 units
  const narrow = convolve(wider, 16, 2); // x, 8 units and the output
  t.deepEqual(peakOf(graph, narrow), [1 + 4 + 8, 0]);
});

test("it grows with the rows, and weights are no part of it", (t) => {
  const { graph, x, convolve } = start();
  t.deepEqual(peakOf(graph, convolve(x, 2, 2), PICTURE, 5), [5 * 2, 0]);
});

test("a value that is read again later is kept until then", (t) => {
  const { graph, x, convolve } = start();
  const skip = convolve(x, 2, 8);
  const inner = convolve(convolve(skip, 8, 8), 8, 8); // x, skip, and two of 4 units
  const sum = graph.node("Add", [inner, skip]); // in the place of one of them
  t.deepEqual(peakOf(graph, convolve(sum, 8, 2)), [1 + 4 + 4 + 4, 0]);
});

test("an elementwise node writes over its input where nobody else reads it, and not over the caller's", (t) => {
  const once = start();
  const wide = once.convolve(once.x, 2, 16);
  const active = once.graph.node("Relu", [wide]);
  t.deepEqual(peakOf(once.graph, once.convolve(active, 16, 2)), [1 + 8 + 1, 0]);

  const twice = start();
  const gate = twice.graph.node("Sigmoid", [twice.x]);
  t.deepEqual(peakOf(twice.graph, gate), [2, 0]);

  const both = start();
  const value = both.convolve(both.x, 2, 16);
  const silu = both.graph.node("Mul", [value, both.graph.node("Sigmoid", [value])]);
  t.deepEqual(peakOf(both.graph, both.convolve(silu, 16, 2)), [1 + 8 + 8, 0]);
});

test("what can't be known counts as none, and is counted", (t) => {
  const { graph, x } = start();
  const odd = graph.node("Unheard", [x], {}, { domain: "elsewhere" });
  t.deepEqual(peakOf(graph, graph.node("Relu", [odd])), [2, 1]);
});
