import test from "ava";
import { float, ints, string } from "./attribute.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { printed } from "./print.ts";
import { tensor } from "./tensor.ts";

test("a graph reads as a line a node", (t) => {
  const graph = new GraphBuilder("example");
  const x = graph.input("x", "float32", ["batch", 3, undefined]);
  const w = graph.initializer("w", tensor("float32", [2], [0.5, -1]));
  const large = graph.initializer("large", tensor("float16", [3, 3], Array(9).fill(1)));
  const a = graph.node("Pad", [x, "", w], { mode: string("edge"), axes: ints([0, 1]) });
  graph.node("Scale", [a, large], { alpha: float(0.25) }, { name: "y", domain: "com.acme" });
  graph.output("y", "float32", []);
  t.is(
    printed(graph.build({ opset: 17 })),
    `<ir_version: 8, opset_import: ["": 17]>
example (float32[batch,3,?] x) => (float32 y) <
  float32[2] w = {0.5, -1}
  float16[3,3] large = {...}
> {
  Pad_0 = Pad <mode = "edge", axes = [0, 1]> (x, , w)
  y = com.acme.Scale <alpha = 0.25> (Pad_0, large)
}
`,
  );
});
