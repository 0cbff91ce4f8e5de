import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { externalLocations, type OnnxModel, readModel, withExternalData } from "../onnx/index.ts";

/** An ONNX file in memory. */
export interface ReadNetwork {
  /** With all of its weights, those in files beside it too. */
  readonly model: OnnxModel;
  /** The file's bytes, then those of each file outside it: what a key of content is made of. */
  readonly bytes: readonly Uint8Array[];
}

/** @throws what node throws for a file that can't be read; RangeError for one that is no ONNX file */
export async function readNetwork(path: string): Promise<ReadNetwork> {
  const file = await readFile(path);
  const model = readModel(file);
  const files = new Map<string, Uint8Array>();
  for (const location of externalLocations(model)) {
    files.set(location, await readFile(join(dirname(path), location)));
  }
  return { model: withExternalData(model, files), bytes: [file, ...files.values()] };
}
