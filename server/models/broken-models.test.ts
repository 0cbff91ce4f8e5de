import test from "ava";
import { named, tensorAttribute } from "../../onnx/attribute.ts";
import { TensorProto } from "../../onnx/gen/onnx.ts";
import { writeModel } from "../../onnx/model-file.ts";
import { openRepository } from "./repository.ts";
import {
  at,
  buildGraph,
  EXAMPLE_GRAPH,
  type FolderChanges,
  merge,
  sha256,
  withFolder,
  writeModelFolder,
} from "./test-model-folder.ts";

/** A broken folder and the one line that must come of it. */
interface Case extends FolderChanges {
  readonly title: string;
  readonly message: string | RegExp;
}

const { inputs, outputs } = EXAMPLE_GRAPH;
const classifierGraph = writeModel(
  buildGraph({ inputs, outputs: { logits: ["float32", ["batch", 2]] } }),
);
/** The same classifier, of halves. */
const halves = writeModel(
  buildGraph({
    inputs: { x: ["float16", ["batch", 3, 4, 4]], t: ["float32", ["batch"]] },
    outputs: { logits: ["float32", ["batch", 2]] },
  }),
);
const classifier = {
  file: "classifier.onnx",
  sha256: sha256(classifierGraph),
  input: { name: "x" },
  time: { name: "t", kind: "t" },
  output: { name: "logits" },
};

/** The example with weights that lie in weights.bin. */
function outsideGraph(location: string): Uint8Array {
  const model = buildGraph(EXAMPLE_GRAPH);
  const weights = TensorProto.create({
    dataType: 1,
    dims: [1],
    dataLocation: 1,
    externalData: [{ key: "location", value: location }],
  });
  model.graph.node[0]?.attribute.push(named("value", tensorAttribute(weights)));
  return writeModel(model);
}

const MANIFESTS: readonly Case[] = [
  {
    title: "no manifest",
    files: { "model.json": null },
    message:
      "broken/model.json: missing or unreadable, expected the model's manifest (docs/models.md)",
  },
  { title: "not JSON", manifest: "{ no json", message: /^broken\/model\.json: is not JSON: / },
  {
    title: "not an object",
    manifest: "[]",
    message: "broken/model.json: seen [], expected an object",
  },
  {
    title: "an unknown field",
    manifest: merge("score.time", { knid: "t" }),
    message:
      "broken/model.json: score.time.knid: no such field; see docs/models.md for those there are",
  },
  {
    title: "a missing field",
    manifest: (json) => delete json.shape,
    message: "broken/model.json: shape: missing, expected an object",
  },
  {
    title: "a value out of the list",
    manifest: merge("score.output", { kind: "epsilon" }),
    message: /score\.output\.kind: seen "epsilon", expected one of "score", .*"edm-raw"$/,
  },
  {
    title: "an unknown forward process",
    manifest: merge("forwardProcess", { kind: "flow" }),
    message: /forwardProcess\.kind: seen "flow", expected one of "ve", "vp", "subvp", /,
  },
  {
    title: "no kind of forward process",
    manifest: (json) => delete at(json, "forwardProcess").kind,
    message: /forwardProcess\.kind: missing, expected one of "ve", /,
  },
  {
    title: "a wrong type",
    manifest: merge("", { bits: "8" }),
    message: 'broken/model.json: bits: seen "8", expected a number',
  },
  {
    title: "a fraction for a count",
    manifest: merge("shape", { height: 4.5 }),
    message: "broken/model.json: shape.height: seen 4.5, expected an integer",
  },
  {
    title: "a number out of range",
    manifest: merge("forwardProcess", { betaMin: 0 }),
    message: "broken/model.json: forwardProcess.betaMin: seen 0, expected more than 0",
  },
  {
    title: "a count out of range",
    manifest: merge("shape", { width: 1e9 }),
    message: "broken/model.json: shape.width: seen 1000000000, expected at most 4096",
  },
  {
    title: "too few values",
    manifest: merge("", { dataRange: [1] }),
    message: "broken/model.json: dataRange: seen [1], expected at least 2 values",
  },
  {
    title: "a name that can't be",
    manifest: merge("", { name: "../x y" }),
    message: /: name: seen "\.\.\/x y", expected 1 to 64 of /,
  },
  {
    title: "a batch of another type",
    manifest: merge("score", { batch: "any" }),
    message: 'broken/model.json: score.batch: seen "any", expected "dynamic" or an integer >= 1',
  },
  {
    title: "a sha256 that is none",
    manifest: merge("score", { sha256: "abc" }),
    message: /score\.sha256: seen "abc", expected 64 lower-case hexadecimal digits/,
  },
  {
    title: "another format",
    manifest: merge("", { formatVersion: 2 }),
    message: "broken/model.json: formatVersion: seen 2, expected 1",
  },
  {
    title: "a ladder without rungs",
    manifest: merge("", { ladder: [] }),
    message: "broken/model.json: ladder: seen [], expected at least 1 values",
  },
  {
    title: "held-out likelihoods without a mean",
    manifest: merge("", {
      evaluation: {
        heldOutBitsPerDim: { low: 1, high: 2, count: 9, pictures: "a split", measured: "rk45" },
      },
    }),
    message: "broken/model.json: evaluation.heldOutBitsPerDim.mean: missing, expected a number",
  },
  {
    title: "a rung that is no sampler",
    manifest: merge("", { ladder: [{ method: "ddim", steps: 5, leastSteps: 5 }] }),
    message:
      'broken/model.json: ladder[0].method: seen "ddim", expected one of "predictor-corrector", "fast"',
  },
  {
    title: "a rung whose least steps are more than its steps",
    manifest: merge("", {
      ladder: [{ method: "fast", solver: "unipc", steps: 5, leastSteps: 6 }],
    }),
    message: "broken/model.json: ladder[0].leastSteps: seen 6, expected at most steps, 5",
  },
  {
    title: "a batch that is none",
    manifest: merge("score", { batch: 0 }),
    message: "broken/model.json: score.batch: seen 0, expected at least 1",
  },
];

const FILES: readonly Case[] = [
  {
    title: "a missing file",
    files: { "score.onnx": null, "other.onnx": "" },
    message: 'broken/model.json: score.file: seen "score.onnx", but there is no such file',
  },
  {
    title: "a folder for a file",
    manifest: merge("score", { file: "weights" }),
    files: { "weights/a.bin": "" },
    message: 'broken/model.json: score.file: seen "weights", which is not a file',
  },
  {
    title: "a wrong sha256",
    manifest: merge("score", { sha256: "0".repeat(64) }),
    message: /score\.sha256: seen "0{64}", but the bytes of score\.onnx have "[0-9a-f]{64}"/,
  },
  ...["../good/score.onnx", "/etc/passwd", "a/../../good/score.onnx", "..\\good\\score.onnx"].map(
    (file): Case => ({
      title: `a path out of the folder, ${file}`,
      manifest: merge("score", { file }),
      message:
        /score\.file: seen ".*", expected a relative path to a file inside the model's folder/,
    }),
  ),
  {
    title: "not an ONNX file",
    graph: new TextEncoder().encode("<html></html>"),
    message: /^broken\/score\.onnx: not an ONNX file: /,
  },
  {
    title: "an empty ONNX file",
    graph: new Uint8Array(0),
    message: "broken/score.onnx: not an ONNX file: it holds no graph",
  },
  {
    title: "weights outside the file that are not listed",
    graph: outsideGraph("weights.bin"),
    message:
      'broken/model.json: score.externalData: score.onnx keeps weights in "weights.bin", expected it to be listed with its sha256',
  },
  {
    title: "weights outside the folder",
    graph: outsideGraph("../../etc/passwd"),
    message: /score\.externalData: score\.onnx keeps weights in "\.\.\/\.\.\/etc\/passwd"/,
  },
  {
    title: "weights outside the file with a wrong sha256",
    graph: outsideGraph("weights.bin"),
    manifest: merge("score", { externalData: [{ file: "weights.bin", sha256: "0".repeat(64) }] }),
    files: { "weights.bin": "1234" },
    message: /score\.externalData\[0\]\.sha256: seen "0{64}", but the bytes of weights\.bin have /,
  },
];

const SIGNATURES: readonly Case[] = [
  {
    title: "a wrong name of the picture input",
    manifest: merge("score.input", { name: "image" }),
    message:
      'broken/model.json: score.input.name: seen "image", which is no input of the file; it has "x", "t"',
  },
  {
    title: "a wrong name of the time input",
    manifest: merge("score.time", { name: "sigma" }),
    message: /score\.time\.name: seen "sigma", which is no input of the file; it has "x", "t"$/,
  },
  {
    title: "a wrong name of the output",
    manifest: merge("score.output", { name: "eps" }),
    message: /score\.output\.name: seen "eps", which is no output of the file; it has "score"$/,
  },
  {
    title: "an input that the manifest does not name",
    graph: { inputs: { ...inputs, y: ["int64", ["batch"]] }, outputs },
    message: /: score: score\.onnx also asks for an input "y" that the manifest does not name$/,
  },
  {
    title: "a wrong element type",
    graph: { inputs: { ...inputs, t: ["int64", ["batch"]] }, outputs },
    message:
      'broken/model.json: score.time.type: seen "float32", but input t of the file is of int64',
  },
  {
    title: "a wrong number of channels",
    graph: { inputs: { ...inputs, x: ["float32", ["batch", 1, 4, 4]] }, outputs },
    message:
      /score\.input: input x of the file has shape \[batch, 1, 4, 4\], expected \[dynamic, 3, 4, 4\]$/,
  },
  {
    title: "more output channels than stated",
    graph: { inputs, outputs: { score: ["float32", ["batch", 6, 4, 4]] } },
    message:
      /score\.output: output score of the file has shape \[batch, 6, 4, 4\], expected \[dynamic, 3, 4, 4\]$/,
  },
  {
    title: "a fixed batch",
    graph: { inputs: { ...inputs, x: ["float32", [1, 3, 4, 4]] }, outputs },
    message:
      /score\.input: input x of the file has shape \[1, 3, 4, 4\], expected \[dynamic, 3, 4, 4\]$/,
  },
  {
    title: "a scalar time",
    graph: { inputs: { ...inputs, t: ["float32", []] }, outputs },
    message: /score\.time: input t of the file has shape \[\], expected \[dynamic\]$/,
  },
  {
    title: "a classifier with another number of classes",
    manifest: merge("", { classes: ["a", "b", "c"], classifier }),
    files: { "classifier.onnx": classifierGraph },
    message:
      /classifier\.output: output logits of the file has shape \[batch, 2\], expected \[dynamic, 3\]$/,
  },
  {
    title: "a classifier whose file is missing",
    manifest: merge("", { classes: ["a", "b"], classifier }),
    message: /classifier\.file: seen "classifier\.onnx", but there is no such file$/,
  },
];

const CAPABILITIES: readonly Case[] = [
  {
    title: "a process whose table is in a file",
    files: { "betas.json": Buffer.from("[0.1, 0.2]") },
    manifest: merge("", {
      forwardProcess: {
        kind: "ddpm",
        betas: { file: "betas.json", sha256: sha256(Buffer.from("[0.1, 0.2]")) },
      },
    }),
    message:
      'broken/model.json: forwardProcess.kind: seen "ddpm", a capability that this version does not have; it runs a table in place or by rule, not one in a file',
  },
  {
    title: "a time input of a type that workers don't feed",
    manifest: merge("score.time", { type: "float64" }),
    graph: { inputs: { ...inputs, t: ["float64", ["batch"]] }, outputs },
    message: /score\.time\.type: seen "float64", a capability .*; it runs float32, float16, int64$/,
  },
  {
    title: "a classifier of halves",
    manifest: merge("", {
      classes: ["a", "b"],
      classifier: {
        ...classifier,
        input: { name: "x", type: "float16" },
        output: { name: "logits" },
        sha256: sha256(halves),
      },
    }),
    files: { "classifier.onnx": halves },
    message: /classifier\.input\.type: seen "float16", a capability .*; it runs float32$/,
  },
  {
    title: "channels last",
    manifest: merge("score.input", { layout: "nhwc" }),
    graph: {
      inputs: { ...inputs, x: ["float32", ["batch", 4, 4, 3]] },
      outputs: { score: ["float32", ["batch", 4, 4, 3]] },
    },
    message: /score\.input\.layout: seen "nhwc", a capability /,
  },
];

for (const { title, message, ...changes } of [
  ...MANIFESTS,
  ...FILES,
  ...SIGNATURES,
  ...CAPABILITIES,
]) {
  test(`left out, the rest serve: ${title}`, async (t) => {
    await withFolder(async (root) => {
      await writeModelFolder(root, "good", { manifest: merge("", { name: "good" }) });
      await writeModelFolder(root, "broken", changes);
      const { models, problems } = await openRepository(root);
      t.deepEqual([...models.keys()], ["good"]);
      const messages = problems.map((problem) => problem.message);
      t.is(messages.length, 1, messages.join("\n"));
      const seen = messages[0] ?? "";
      if (typeof message === "string") t.is(seen, message);
      else t.regex(seen, message);
      t.false(seen.includes("\n"));
      t.regex(problems[0]?.model ?? "", /^(broken|example)$/);
    });
  });
}

test("every problem of a model is reported, not the first alone", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "broken", {
      manifest: (json) => {
        merge("score.input", { name: "image" })(json);
        merge("score.output", { name: "eps" })(json);
      },
    });
    const { problems } = await openRepository(root);
    t.deepEqual(
      problems.map(({ field }) => field),
      ["score.input.name", "score.output.name"],
    );
  });
});
