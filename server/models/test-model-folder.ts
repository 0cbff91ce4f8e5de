/** Model folders for tests: a small correct model, and ways to break it. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ElementType } from "../../onnx/element-type.ts";
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { type OnnxModel, writeModel } from "../../onnx/model-file.ts";
import type { Dimension } from "../../onnx/value-info.ts";

/** A JSON object that tests may bend as they like. */
export type Json = Record<string, unknown>;

/** The object at a path such as "score.time"; "" is the whole. @throws TypeError where there is none */
export function at(json: Json, path: string): Json {
  const parts = path === "" ? [] : path.split(".");
  const target = parts.reduce<unknown>((value, part) => (value as Json)[part], json);
  if (typeof target !== "object" || target === null) throw new TypeError(`no object at ${path}`);
  return target as Json;
}

/** A change that sets the given fields of the object at `path`. */
export function merge(path: string, fields: Json): (manifest: Json) => void {
  return (manifest) => void Object.assign(at(manifest, path), fields);
}

/** A value of a graph: element type and shape. */
export type ValueSpec = readonly [type: ElementType, shape: readonly Dimension[]];

export interface GraphSpec {
  readonly inputs: Readonly<Record<string, ValueSpec>>;
  readonly outputs: Readonly<Record<string, ValueSpec>>;
}

const PICTURES: ValueSpec = ["float32", ["batch", 3, 4, 4]];
const TIMES: ValueSpec = ["float32", ["batch"]];

/** The graph of the example: score(x, t) = x, of pictures of 3 channels, 4 rows and 4 columns. */
export const EXAMPLE_GRAPH: GraphSpec = {
  inputs: { x: PICTURES, t: TIMES },
  outputs: { score: PICTURES },
};

/** A graph with the given inputs and outputs; every output is its first input. */
export function buildGraph({ inputs, outputs }: GraphSpec): OnnxModel {
  const graph = new GraphBuilder("example");
  for (const [name, [type, shape]] of Object.entries(inputs)) graph.input(name, type, shape);
  const first = Object.keys(inputs)[0] ?? "";
  for (const [name, [type, shape]] of Object.entries(outputs)) {
    graph.output(graph.node("Identity", [first], {}, { name }), type, shape);
  }
  return graph.build({ opset: 17 });
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A correct manifest of the example, as plain JSON. */
export function exampleManifest(graph: Uint8Array = writeModel(buildGraph(EXAMPLE_GRAPH))): Json {
  return {
    formatVersion: 1,
    name: "example",
    shape: { channels: 3, height: 4, width: 4 },
    dataRange: [-1, 1],
    forwardProcess: { kind: "vp", betaMin: 0.1, betaMax: 20 },
    score: {
      file: "score.onnx",
      sha256: sha256(graph),
      input: { name: "x" },
      time: { name: "t", kind: "t" },
      output: { name: "score", kind: "score" },
    },
  };
}

/** What is different from the example. */
export interface FolderChanges {
  /** Bends the manifest, whose sha256 already is that of the graph; a string: the text of model.json. */
  readonly manifest?: ((manifest: Json) => void) | string | undefined;
  /** The score network; its bytes as they are. */
  readonly graph?: GraphSpec | Uint8Array | undefined;
  /** More files by their path in the folder; null: not written though the example has it. */
  readonly files?: Readonly<Record<string, Uint8Array | string | null>> | undefined;
}

/** Writes the example, changed, into `root`/`name`. */
export async function writeModelFolder(
  root: string,
  name: string,
  { manifest, graph = EXAMPLE_GRAPH, files = {} }: FolderChanges = {},
): Promise<void> {
  const bytes = graph instanceof Uint8Array ? graph : writeModel(buildGraph(graph));
  const json = exampleManifest(bytes);
  if (typeof manifest === "function") manifest(json);
  const text = typeof manifest === "string" ? manifest : JSON.stringify(json);
  const contents = { "model.json": text, "score.onnx": bytes, ...files };
  for (const [file, content] of Object.entries(contents)) {
    if (content === null) continue;
    const path = join(root, name, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** Runs `use` with a new folder that is gone afterwards. */
export async function withFolder<T>(use: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), "scorestream-models-"));
  try {
    return await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}
