import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import anyTest, { type TestFn } from "ava";
import { GraphBuilder, readModel, writeModel } from "../onnx/index.ts";
import { derive } from "./derive.ts";
import type { Derivation } from "./protocol.ts";

const SCORE = fileURLToPath(
  new URL("../../models/gaussian-mixture-vp/score.onnx", import.meta.url),
);
const JVP: Derivation = {
  graph: "jvp",
  score: { path: SCORE, input: "x", output: "noise" },
};

const test = anyTest as TestFn<{ cache: string }>;

test.beforeEach(async (t) => {
  t.context.cache = await mkdtemp(join(tmpdir(), "scorestream-derive-"));
});

test.afterEach.always((t) => rm(t.context.cache, { recursive: true }));

test("a derived graph is kept with its error, and taken from there the second time", async (t) => {
  const { cache } = t.context;
  const first = await derive({ kind: "derive", derivation: JVP, cache });
  if (!first.ok) return t.fail(first.message);
  t.true(first.error < 1e-3);
  const names = readModel(await readFile(first.path)).graph.output.map(({ name }) => name);
  t.deepEqual(names, ["noise", "noise_tangent"]);
  const { mtimeMs, ino } = await stat(first.path);
  t.deepEqual(await derive({ kind: "derive", derivation: JVP, cache }), first);
  const after = await stat(first.path);
  t.deepEqual([after.mtimeMs, after.ino], [mtimeMs, ino]);
  // Nothing half written is left behind.
  t.is((await readdir(cache)).length, 2);
});

test("a kept file that was cut off is derived again", async (t) => {
  const { cache } = t.context;
  const first = await derive({ kind: "derive", derivation: JVP, cache });
  if (!first.ok) return t.fail(first.message);
  const whole = await readFile(first.path);
  await writeFile(first.path, whole.subarray(0, 100));
  const again = await derive({ kind: "derive", derivation: JVP, cache });
  t.deepEqual(again, first);
  t.true(whole.equals(await readFile(first.path)));
});

test("a graph with an operator without a rule is an answer that names it", async (t) => {
  const { cache } = t.context;
  const graph = new GraphBuilder("determinant");
  const x = graph.input("x", "float32", ["batch", 2, 2]);
  graph.output(graph.node("Det", [x], {}, { name: "f" }), "float32", ["batch"]);
  const path = join(cache, "det.onnx");
  await writeFile(path, writeModel(graph.build({ opset: 17 })));
  const derivation: Derivation = { graph: "jvp", score: { path, input: "x", output: "f" } };
  const answer = await derive({ kind: "derive", derivation, cache });
  t.false(answer.ok);
  if (answer.ok) return;
  t.is(answer.code, "not-derivable");
  t.regex(answer.message, /Det.*17/s);
});

test("a file that is not there is an answer", async (t) => {
  const derivation: Derivation = {
    graph: "jvp",
    score: { path: "/nowhere.onnx", input: "x", output: "f" },
  };
  const answer = await derive({ kind: "derive", derivation, cache: t.context.cache });
  t.like(answer, { ok: false, code: "not-derivable" });
});

const digits = (file: string): string =>
  fileURLToPath(new URL(`../../models/color-digits/${file}`, import.meta.url));
const CLASSIFIER = digits("classifier.onnx");
const UNET = digits("score.onnx");

test("a network is rewritten, compared and kept; so is its derivative, apart from the plain one", async (t) => {
  const { cache } = t.context;
  const score = { path: CLASSIFIER, input: "x", output: "logits" };
  const ask = (derivation: Derivation) => derive({ kind: "derive", derivation, cache });
  const unet = {
    graph: "score",
    score: { path: UNET, input: "x", output: "F" },
    rewrite: true,
  } as const;
  const network = await ask(unet);
  if (!network.ok) return t.fail(network.message);
  t.true(network.error > 0 && network.error < 1e-5);
  const source = readModel(await readFile(UNET));
  const { graph } = readModel(await readFile(network.path));
  t.deepEqual([graph.input, graph.output], [source.graph.input, source.graph.output]);
  const convolutions = (nodes: typeof graph.node) =>
    nodes.filter(({ opType }) => opType === "Conv");
  t.true(convolutions(graph.node).length > convolutions(source.graph.node).length);
  t.deepEqual(await ask(unet), network);
  const plain = await ask({ graph: "jvp", score });
  const faster = await ask({ graph: "jvp", score, rewrite: true });
  if (!plain.ok || !faster.ok) return t.fail();
  t.not(faster.key, plain.key);
  const nodes = async (path: string) => readModel(await readFile(path)).graph.node.length;
  t.true((await nodes(faster.path)) < (await nodes(plain.path)));
});

test("a network in which nothing can be rewritten is its own file", async (t) => {
  const { cache } = t.context;
  const score = { path: SCORE, input: "x", output: "noise" };
  const answer = await derive({
    kind: "derive",
    derivation: { graph: "score", score, rewrite: true },
    cache,
  });
  t.like(answer, { ok: true, path: SCORE });
  t.deepEqual(await readdir(cache), []);
});
