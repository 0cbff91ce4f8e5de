import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { float } from "../../../onnx/attribute.ts";
import { GraphBuilder } from "../../../onnx/graph-builder.ts";
import { DIFFERENTIABLE_OPERATORS, OPSETS, writeModel } from "../../../onnx/index.ts";
import { derive } from "./derive.ts";

/** Compiled, this file is dist/clients/cli/commands/differentiation-doc.test.js. */
const root = fileURLToPath(new URL("../../../../", import.meta.url));
const doc = await readFile(join(root, "docs/differentiation.md"), "utf8");
const run = promisify(execFile);

test("docs/differentiation.md lists the operators that have a rule", (t) => {
  const [, listed = ""] = /<!-- operators -->\n([\s\S]*?)<!-- \/operators -->/.exec(doc) ?? [];
  t.deepEqual(listed.match(/\w+/g), [...DIFFERENTIABLE_OPERATORS]);
});

test("it has the opsets", (t) => {
  t.true(doc.includes(`Opsets ${OPSETS.first} to ${OPSETS.last} `));
});

test("every flag that it names is one that --help has", (t) => {
  const commands = doc.match(/(?<=scorestream derive )[^`\n]*|(?<=`)--[^`]*/g) ?? [];
  const flags = new Set(commands.flatMap((text) => text.match(/--[a-z-]+/g) ?? []));
  t.true(flags.size > 8, [...flags].join(" "));
  for (const flag of flags) t.regex(derive.helpInformation(), new RegExp(`${flag}[\\s,]`), flag);
});

test("its example for Node runs on what the command writes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "derive-"));
  try {
    // -x: its derivative is -1 everywhere, so that v . J v is -64 for every v of signs.
    const graph = new GraphBuilder("score");
    const x = graph.input("x", "float32", ["batch", 1, 8, 8]);
    graph.input("sigma", "float32", ["batch"]);
    graph.node("LeakyRelu", [graph.node("Neg", [x])], { alpha: float(1) }, { name: "s" });
    graph.output("s", "float32", ["batch", 1, 8, 8]);
    await writeFile(join(folder, "score.onnx"), writeModel(graph.build({ opset: 17 })));
    const command = [join(root, "dist/clients/cli/main.js"), "derive", "--jvp", "score.onnx"];
    await run(process.execPath, command, { cwd: folder });
    await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    await writeFile(join(folder, "use.mjs"), /```js\n([\s\S]*?)```/.exec(doc)?.[1] ?? "");
    const { stdout } = await run(process.execPath, ["use.mjs"], { cwd: folder });
    t.is(stdout, "[ 4, 1, 8, 8 ] [ -64, -64, -64, -64 ]\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});
