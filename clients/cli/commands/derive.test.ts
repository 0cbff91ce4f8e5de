import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import anyTest, { type TestFn } from "ava";
import { int } from "../../../onnx/attribute.ts";
import { GraphBuilder } from "../../../onnx/graph-builder.ts";
import {
  type Dimension,
  type OnnxModel,
  readModel,
  signatureOf,
  writeModel,
} from "../../../onnx/index.ts";
import { tensor } from "../../../onnx/tensor.ts";

const test = anyTest as TestFn<{
  folder: string;
  scorestream: (...args: readonly string[]) => Promise<Ended>;
}>;

/** What a command line came to. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiled, this file is dist/clients/cli/commands/derive.test.js. */
const main = fileURLToPath(new URL("../main.js", import.meta.url));

/** Each test has a folder of its own, in which the command runs; serial, so that not all load a runtime at once. */
test.beforeEach(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "derive-"));
  t.context = { folder, scorestream: (...args) => ended(folder, args) };
});

test.afterEach.always((t) => rm(t.context.folder, { recursive: true }));

function ended(cwd: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { cwd });
  const seen = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      seen[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...seen }));
  });
}

/** f = sin(x), with an input t besides; `second`: of the shape of x; `twoOutputs`: and g = cos(t). */
function sine({ second = false, twoOutputs = false, opset = 17 } = {}): OnnxModel {
  const graph = new GraphBuilder("sine");
  const dims = ["batch", 1, 2, 2];
  const x = graph.input("x", "float32", dims);
  const t = graph.input("t", "float32", second ? dims : ["batch"]);
  graph.node("Sin", [x], {}, { name: "f" });
  graph.output("f", "float32", dims);
  if (twoOutputs) {
    graph.node("Cos", [t], {}, { name: "g" });
    graph.output("g", "float32", second ? dims : ["batch"]);
  }
  return graph.build({ opset });
}

/** f = tanh(x). */
function tanh(dims: readonly Dimension[]): OnnxModel {
  const graph = new GraphBuilder("tanh");
  graph.input("x", "float32", dims);
  graph.node("Tanh", ["x"], {}, { name: "f" });
  graph.output("f", "float32", dims);
  return graph.build({ opset: 17 });
}

function classifier(last?: "Softmax" | "LogSoftmax"): OnnxModel {
  const graph = new GraphBuilder("classifier");
  const x = graph.input("x", "float32", ["batch", 2]);
  const w = graph.initializer("w", tensor("float32", [2, 3], [1, -1, 0.5, 0.25, 1, -0.5]));
  const logits = graph.node("MatMul", [x, w]);
  const made = last === undefined ? logits : graph.node(last, [logits], { axis: int(-1) });
  graph.output(made, "float32", ["batch", 3]);
  return graph.build({ opset: 17 });
}

async function save(folder: string, name: string, model: OnnxModel): Promise<void> {
  await writeFile(join(folder, name), writeModel(model));
}

test.serial("it writes a file beside the model and says what it did", async (t) => {
  const { folder, scorestream } = t.context;
  await save(folder, "sine.onnx", sine());
  const { code, stdout, stderr } = await scorestream("derive", "--jvp", "sine.onnx");
  t.deepEqual([code, stderr], [0, ""]);
  const error = String.raw`\d\.\de[+-]\d+`;
  const lines = [
    /^sine\.jvp\.onnx$/,
    /^J v of f in x, by sine\.onnx$/,
    /^inputs {3}x +float32 \[batch, 1, 2, 2\]$/,
    /^ +t +float32 \[batch\]$/,
    /^ +x_tangent +float32 \[batch, 1, 2, 2\]$/,
    /^outputs {2}f +float32 \[batch, 1, 2, 2\]$/,
    /^ +f_tangent +float32 \[batch, 1, 2, 2\]$/,
    /^graph {4}opset 17, 3 nodes from 1, \d+ bytes$/,
    new RegExp(
      `^proof {4}differs from central differences by ${error}, in its values by ${error}; at most 3.0e-3 is accepted$`,
    ),
    /^$/,
  ];
  const seen = stdout.split("\n");
  t.is(seen.length, lines.length);
  for (const [i, line] of lines.entries()) t.regex(seen[i] ?? "", line);
});

test.serial("--json is one object, true to the file", async (t) => {
  const { folder, scorestream } = t.context;
  await save(folder, "sine.onnx", sine());
  const { code, stdout } = await scorestream(
    ..."derive --vjp sine.onnx --output out.onnx --json".split(" "),
  );
  t.is(code, 0);
  const { proof, ...seen } = JSON.parse(stdout);
  const bytes = await readFile(join(folder, "out.onnx"));
  const model = readModel(bytes);
  t.deepEqual(seen, {
    file: "out.onnx",
    mode: "vjp",
    from: { input: "x", output: "f", files: ["sine.onnx"] },
    opset: 17,
    inputs: signatureOf(model).inputs,
    outputs: signatureOf(model).outputs,
    nodes: { source: 1, derived: model.graph.node.length },
    bytes: bytes.length,
  });
  t.deepEqual(
    [...seen.inputs, ...seen.outputs].map(({ name }) => name),
    ["x", "t", "f_cotangent", "f", "x_cotangent"],
  );
  t.is(proof.tolerance, 3e-3);
  t.true(proof.error < 1e-4 && proof.valueError < 1e-6, JSON.stringify(proof));
});

test.serial("a classifier gives logits, or with --log-probabilities log p", async (t) => {
  const { folder, scorestream } = t.context;
  await save(folder, "logits.onnx", classifier());
  await save(folder, "log-p.onnx", classifier("LogSoftmax"));
  await save(folder, "score.onnx", sine());
  const softmaxes = async (...args: readonly string[]): Promise<number> => {
    const { code, stdout, stderr } = await scorestream("derive", ...args, "--force", "--json");
    t.is(code, 0, stderr);
    const { graph } = readModel(await readFile(join(folder, JSON.parse(stdout).file)));
    t.true(graph.input.some(({ name }) => name === "label"));
    return graph.node.filter(({ opType }) => opType === "Softmax").length;
  };
  for (const start of [
    ["--grad", "--label"],
    ["--guided", "score.onnx"],
  ]) {
    t.is(await softmaxes(...start, "logits.onnx"), 1);
    // Of log p none is taken again.
    const asLogits = await softmaxes(...start, "log-p.onnx");
    t.is(await softmaxes(...start, "log-p.onnx", "--log-probabilities"), asLogits - 1);
  }
});

test.serial("--input, --output-name and the classifier's choose among several", async (t) => {
  const { folder, scorestream } = t.context;
  await save(folder, "both.onnx", sine({ second: true, twoOutputs: true }));
  await save(folder, "classifier.onnx", classifier());
  const one = await scorestream(
    ..."derive --jvp both.onnx --input t --output-name g --json".split(" "),
  );
  const { input, output } = JSON.parse(one.stdout).from;
  t.deepEqual([input, output], ["t", "g"]);
  const two = await scorestream(
    ..."derive --guided both.onnx classifier.onnx --output-name g --json".split(" "),
    ..."--classifier-input x --classifier-output MatMul_0".split(" "),
  );
  t.is(two.stderr, "");
  const guided = JSON.parse(two.stdout);
  t.is(guided.file, "both.guided.onnx");
  t.deepEqual(
    guided.outputs.map(({ name }: { name: string }) => name),
    ["g", "classifier_x_gradient"],
  );
});

test.serial("a score network may take its noise level first", async (t) => {
  const { folder, scorestream } = t.context;
  const graph = new GraphBuilder("score");
  const sigma = graph.input("sigma", "float32", ["batch", 1, 1, 1]);
  const x = graph.input("x", "float32", ["batch", 1, 2, 2]);
  // No number where sigma is negative.
  graph.node("Mul", [x, graph.node("Log", [sigma])], {}, { name: "F" });
  graph.output("F", "float32", ["batch", 1, 2, 2]);
  await save(folder, "score.onnx", graph.build({ opset: 17 }));
  await save(folder, "classifier.onnx", classifier());
  const { code, stderr } = await scorestream(
    ..."derive --guided score.onnx classifier.onnx".split(" "),
  );
  t.deepEqual([code, stderr], [0, ""]);
});

test.serial("a file that exists stays unless --force says so, and a source always", async (t) => {
  const { folder, scorestream } = t.context;
  await save(folder, "sine.onnx", sine());
  const source = await readFile(join(folder, "sine.onnx"));
  await writeFile(join(folder, "sine.jvp.onnx"), "mine");
  const kept = await scorestream("derive", "--jvp", "sine.onnx");
  t.is(kept.code, 1);
  t.regex(kept.stderr, /sine\.jvp\.onnx exists: --force overwrites it/);
  t.is(await readFile(join(folder, "sine.jvp.onnx"), "utf8"), "mine");
  t.is((await scorestream("derive", "--jvp", "sine.onnx", "--force")).code, 0);
  readModel(await readFile(join(folder, "sine.jvp.onnx")));
  const self = await scorestream(
    ..."derive --jvp sine.onnx --force --output ./sine.onnx".split(" "),
  );
  t.is(self.code, 1);
  t.regex(self.stderr, /is what is to be read/);
  t.deepEqual(await readFile(join(folder, "sine.onnx")), source);
  t.deepEqual((await readdir(folder)).sort(), ["sine.jvp.onnx", "sine.onnx"]);
});

test.serial("lengths known at run time are asked for, and taken", async (t) => {
  const { folder, scorestream } = t.context;
  await save(folder, "any.onnx", tanh(["batch", 3, "height", 8]));
  const open = await scorestream("derive", "--jvp", "any.onnx");
  t.is(open.code, 1);
  t.regex(open.stderr, /the length of height is not known: --dim height=LENGTH/);
  const wrong = await scorestream("derive", "--jvp", "any.onnx", "--dim", "width=8");
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /no dimension width in x float32 \[batch, 3, height, 8\]/);
  const given = await scorestream(
    ..."derive --jvp any.onnx --dim height=8 --dim batch=1".split(" "),
  );
  t.deepEqual([given.code, given.stderr], [0, ""]);
});

/** Exit code 1: nothing is written, and stderr says why. */
const failures: readonly (readonly [string, string, RegExp])[] = [
  ["no such file", "--jvp none.onnx", /can't read none\.onnx: ENOENT: no such file/],
  ["a folder for a file", "--jvp folder", /can't read folder: EISDIR/],
  ["not an ONNX file", "--jvp text.onnx", /can't read text\.onnx: not an ONNX file/],
  ["an empty file", "--jvp empty.onnx", /can't read empty\.onnx: not an ONNX file/],
  ["no folder for the output", "--jvp sine.onnx --output no/f.onnx", /there is no folder no/],
  ["an output that is a folder", "--jvp sine.onnx --output folder", /folder is no file/],
  [
    "an unknown input",
    "--jvp sine.onnx --input y",
    /sine\.onnx: no input y; --input NAME takes one of x float32 \[batch, 1, 2, 2\], t float32 \[batch\]/,
  ],
  ["an unknown output", "--jvp sine.onnx --output-name h", /no output h; --output-name NAME takes/],
  [
    "inputs of which each could be meant",
    "--jvp both.onnx --output-name f",
    /both\.onnx: more than one input could be meant; --input NAME takes one of x .*, t /,
  ],
  [
    "outputs of which each could be meant",
    "--jvp both.onnx --input x",
    /more than one output could be meant; --output-name NAME takes one of f .*, g /,
  ],
  [
    "an output that does not depend on the input",
    "--jvp both.onnx --input x --output-name g",
    /the output g does not depend on the input x/,
  ],
  [
    "an unknown input of the classifier",
    "--guided sine.onnx classifier.onnx --classifier-input y",
    /classifier\.onnx: no input y; --classifier-input NAME takes one of x float32 \[batch, 2\]/,
  ],
  [
    "probabilities",
    "--grad --label softmax.onnx",
    /softmax\.onnx: the output \S+ holds probabilities, made by Softmax/,
  ],
  [
    "no number a row",
    "--grad sine.onnx",
    /the output f is \[batch, 1, 2, 2\], not one number a row/,
  ],
  ["no classes", "--grad --label sine.onnx", /not \[batch, classes\]/],
  [
    "an operator without a rule",
    "--jvp unknown.onnx",
    /can't differentiate Det \(node f, domain ai\.onnx, opset 17\): no rule.*CONTRIBUTING\.md/,
  ],
  ["a dimension without a name", "--jvp unnamed.onnx", /neither length nor name/],
  ["an opset without rules", "--jvp old.onnx", /the model is of opset 11; only 13 to 21/],
  ["opsets that differ", "--guided new.onnx classifier.onnx", /18.*17|17.*18/],
  [
    "a derivative that differences refute",
    "--jvp steps.onnx",
    /not written: the derived graph differs from central differences by \d\.\de/,
  ],
];

for (const [title, args, message] of failures) {
  test.serial(`exit 1: ${title}`, async (t) => {
    const { folder, scorestream } = t.context;
    await mkdir(join(folder, "folder"));
    await writeFile(join(folder, "text.onnx"), "no protobuf message, but text\n");
    await writeFile(join(folder, "empty.onnx"), "");
    await save(folder, "sine.onnx", sine());
    await save(folder, "both.onnx", sine({ second: true, twoOutputs: true }));
    await save(folder, "new.onnx", sine({ opset: 18 }));
    await save(folder, "old.onnx", sine({ opset: 11 }));
    await save(folder, "classifier.onnx", classifier());
    await save(folder, "softmax.onnx", classifier("Softmax"));
    await save(folder, "unknown.onnx", determinant());
    await save(folder, "steps.onnx", steps());
    await save(folder, "unnamed.onnx", tanh(["batch", undefined]));
    const before = (await readdir(folder)).sort();
    const { code, stdout, stderr } = await scorestream("derive", ...args.split(" "));
    t.deepEqual([code, stdout], [1, ""]);
    t.regex(stderr, /^scorestream derive: /);
    t.regex(stderr, message);
    t.deepEqual((await readdir(folder)).sort(), before);
  });
}

function determinant(): OnnxModel {
  const graph = new GraphBuilder("determinant");
  graph.input("x", "float32", ["batch", 2, 2]);
  graph.node("Det", ["x"], {}, { name: "f" });
  graph.output("f", "float32", ["batch"]);
  return graph.build({ opset: 17 });
}

/** x + round(5000 x): its derivative is 1 wherever it has one, and 5001 is what differences show. */
function steps(): OnnxModel {
  const graph = new GraphBuilder("steps");
  const x = graph.input("x", "float32", ["batch", 5]);
  const steep = graph.initializer("steep", tensor("float32", [], [5000]));
  const rounded = graph.node("Round", [graph.node("Mul", [x, steep])]);
  graph.node("Add", [x, rounded], {}, { name: "f" });
  graph.output("f", "float32", ["batch", 5]);
  return graph.build({ opset: 17 });
}

/** Exit code 2: the command line itself is wrong, whatever the files are. */
const misuses: readonly (readonly [string, RegExp])[] = [
  ["", /seen no command, expected a command: .*derive/],
  ["drive", /seen drive, expected a command: .*derive/],
  ["derive", /seen none of --jvp, --vjp, --grad, --guided, expected one/],
  ["derive --jvp --vjp a.onnx", /seen --jvp --vjp of .*, expected one/],
  ["derive --jvp", /--jvp: seen no file, expected one file, MODEL/],
  ["derive --jvp a.onnx b.onnx", /--jvp: seen a\.onnx b\.onnx, expected one file/],
  ["derive --guided a.onnx", /--guided: seen a\.onnx, expected two files, SCORE CLASSIFIER/],
  ["derive --jpv a.onnx", /unknown option '--jpv'/],
  ["derive --jvp a.onnx --input", /'--input <name>' argument missing/],
  ["derive --jvp a.onnx --label", /--label goes with --grad, not with --jvp/],
  ["derive --vjp a.onnx --classifier-input x", /--classifier-input goes with --guided, not/],
  ["derive --guided a.onnx b.onnx --input x", /--input goes with --jvp, --vjp, --grad, not/],
  ["derive --jvp a.onnx --dim height", /--dim: seen "height", expected NAME=LENGTH/],
  ["derive --jvp a.onnx --dim height=0", /--dim: seen "height=0", expected NAME=LENGTH/],
];

for (const [args, message] of misuses) {
  test.serial(`exit 2: scorestream ${args}`, async (t) => {
    const { code, stdout, stderr } = await t.context.scorestream(
      ...args.split(" ").filter((arg) => arg !== ""),
    );
    t.deepEqual([code, stdout], [2, ""]);
    t.regex(stderr, message);
    t.regex(stderr, /--help tells/);
  });
}

test.serial(
  "--help of the program lists the commands, --help of a command its flags and examples",
  async (t) => {
    const program = await t.context.scorestream("--help");
    t.is(program.code, 0);
    t.regex(program.stdout, /^ {2}derive /m);
    const { code, stdout } = await t.context.scorestream("derive", "--jvp", "--help");
    t.is(code, 0);
    for (const flag of [
      "jvp",
      "vjp",
      "grad",
      "guided",
      "input",
      "output-name",
      "classifier-input",
    ]) {
      t.true(stdout.includes(`--${flag} `), flag);
    }
    t.regex(stdout, /Examples:\n {2}scorestream derive --jvp /);
  },
);
