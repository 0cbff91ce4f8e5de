import test from "ava";
import { composed, withOutputs } from "./compose.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { OnnxModel } from "./model-file.ts";
import { prefixed, renamed } from "./rename.ts";
import { signatureOf } from "./signature.ts";

/** y = operator(x), with the time t as a second input and output. */
function model(operator: string, opset = 17): OnnxModel {
  const graph = new GraphBuilder(operator);
  const x = graph.input("x", "float32", ["batch", 3]);
  const t = graph.input("t", "float32", ["batch"]);
  graph.node(operator, [x], {}, { name: "y" });
  graph.node("Neg", [t], {}, { name: "s" });
  graph.output("y", "float32", ["batch", 3]);
  graph.output("s", "float32", ["batch"]);
  return graph.build({ opset });
}

const names = (list: readonly { readonly name: string }[]): string[] =>
  list.map(({ name }) => name);

test("a model reads another's output, and shares an input of the same name", (t) => {
  const second = prefixed(model("Exp"), "second/", ["x", "t"]);
  const whole = composed(model("Sin"), second, { x: "y" });
  const { inputs, outputs } = signatureOf(whole);
  t.deepEqual(names(inputs), ["x", "t"]);
  t.deepEqual(names(outputs), ["y", "s", "second/y", "second/s"]);
  const exp = whole.graph.node.find(({ opType }) => opType === "Exp");
  t.deepEqual(exp?.input, ["y"]);
  t.deepEqual(exp?.output, ["second/y"]);
});

test("chosen outputs alone keep what they need", (t) => {
  const second = prefixed(model("Exp"), "second/", ["x", "t"]);
  const whole = composed(model("Sin"), second, { x: "y" });
  const chosen = withOutputs(whole, ["second/y"]);
  t.deepEqual(
    chosen.graph.node.map(({ opType }) => opType),
    ["Sin", "Exp"],
  );
  t.throws(() => withOutputs(whole, ["z"]), { message: /no output z/ });
});

test("names that both models make, unlike inputs and unlike opsets are refused", (t) => {
  const first = model("Sin");
  t.throws(() => composed(first, model("Exp"), { x: "y" }), {
    instanceOf: RangeError,
    message: /both models have a value y: prefix one's/,
  });
  const second = prefixed(model("Exp"), "second/", ["x", "t"]);
  t.throws(() => composed(first, second, { z: "y" }), { message: /second model has no input z/ });
  t.throws(() => composed(first, second, { x: "z" }), { message: /first model has no output z/ });
  const newer = prefixed(model("Exp", 21), "second/", ["x", "t"]);
  t.throws(() => composed(first, newer, {}), { message: /opsets 17 and 21/ });
  const swapped = renamed(second, (name) => ({ x: "t", t: "x" })[name] ?? name);
  t.throws(() => composed(first, swapped, {}), { message: /different types or ranks/ });
});
