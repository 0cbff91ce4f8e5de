/**
 * The layers: what each folder's project may import. TypeScript refuses an import of a project that is not
 * referenced, so a folder's references are the whole truth; here they are compared with the intention.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./command.mjs";

const LAYERS = {
  proto: [],
  sde: [],
  onnx: [],
  worker: ["onnx", "sde"],
  server: ["onnx", "proto", "sde", "worker"],
  "models/generator": ["onnx", "sde"],
  "clients/cli": [
    "clients/python",
    "clients/typescript",
    "clients/typescript/core",
    "onnx",
    "proto",
    "worker",
  ],
  "clients/typescript/core": ["proto"],
  "clients/typescript": ["clients/typescript/core", "proto"],
  "clients/python": [],
  "clients/web": ["clients/typescript", "clients/typescript/core", "proto"],
  loadtest: [
    "clients/typescript",
    "clients/typescript/core",
    "clients/web",
    "proto",
    "sde",
    "server",
    "worker",
  ],
};

/** Code 1 names each folder whose references are not its layer's. */
export function compareLayers() {
  const wrong = [
    compare("the root", references("."), Object.keys(LAYERS)),
    ...Object.entries(LAYERS).map(([folder, allowed]) =>
      compare(folder, references(folder), allowed),
    ),
  ].filter((line) => line !== undefined);
  return { code: wrong.length === 0 ? 0 : 1, output: wrong.join("\n") };
}

function compare(name, seen, expected) {
  const [a, b] = [seen, expected].map((folders) => folders.toSorted().join(", "));
  if (a === b) return undefined;
  return `${name}: its tsconfig.json references ${a || "nothing"}; scripts/layers.mjs says ${b || "nothing"}`;
}

/** The folders that a project references, relative to the root. */
function references(folder) {
  const path = join(root, folder, "tsconfig.json");
  if (!existsSync(path)) return [];
  return JSON.parse(readFileSync(path, "utf8")).references.map((reference) =>
    join(folder, reference.path).replaceAll("\\", "/"),
  );
}
