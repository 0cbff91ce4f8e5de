/**
 * `npm run generate`: the TypeScript of proto/ and onnx/schema/, as buf.gen.yaml says; the Python of proto/, where there is
 * a Python; and the README's settings.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { capture, root, run, script, TOOLS } from "./command.mjs";
import { requireInstalled } from "./install.mjs";
import { pythonOfClient } from "./python-venv.mjs";
import { writeSettingsTable } from "./settings-table.mjs";

/** The folders that buf.gen.yaml writes. */
const GENERATED = ["proto/gen", "proto/messages/gen", "onnx/gen"];

/** Generates into a folder of its own and compares; code 1 names each file that is not as committed. */
export async function compareGenerated() {
  const fresh = mkdtempSync(join(tmpdir(), "scorestream-generated-"));
  try {
    const generation = await capture([TOOLS.buf, "generate", "--output", fresh]);
    if (generation.code !== 0) return generation;
    const differing = GENERATED.flatMap((folder) => compareFolders(folder, fresh));
    const output = differing.map((line) => `${line}\n`).join("");
    if (differing.length === 0) return { code: 0, output };
    return { code: 1, output: `${output}run \`npm run generate\` and commit what it writes\n` };
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

function compareFolders(folder, freshRoot) {
  const committed = filesOf(join(root, folder));
  const fresh = filesOf(join(freshRoot, folder));
  return [...new Set([...committed.keys(), ...fresh.keys()])]
    .filter((path) => committed.get(path) !== fresh.get(path))
    .map((path) => `${folder}/${path} ${difference(committed.has(path), fresh.has(path))}`);
}

function difference(isCommitted, isFresh) {
  if (!isCommitted) return "is missing";
  return isFresh ? "is not what its schema generates" : "has no schema";
}

/** The files below a folder, path to text. */
function filesOf(folder) {
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );
}

async function generatePython() {
  const { python, missing } = await pythonOfClient();
  if (python === undefined) console.error(`clients/python was not generated: ${missing}`);
  else await run(python, [join(root, "clients/python/scripts/generate.py")]);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await script(async () => {
    requireInstalled();
    await run(process.execPath, [TOOLS.buf, "generate"]);
    await generatePython();
    await build();
    await writeSettingsTable();
  });
}
