import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What is kept beside a derived graph. */
export interface DerivedRecord {
  /** Of the derived file: one that was cut off or changed is derived again. */
  readonly sha256: string;
  /** The least relative error against central differences, when it was made. */
  readonly error: number;
}

/** Where the derived graph of a key lies, with its record; undefined where it is not kept, or not as it was written. */
export async function keptFile(
  folder: string,
  key: string,
): Promise<{ readonly path: string; readonly error: number } | undefined> {
  try {
    const record = JSON.parse(await readFile(recordPath(folder, key), "utf8")) as DerivedRecord;
    const path = graphPath(folder, key);
    if (sha256(await readFile(path)) !== record.sha256) return undefined;
    return { path, error: record.error };
  } catch {
    return undefined;
  }
}

/** Keeps a derived graph: whole or not at all, so that several servers may share the folder. @returns its path */
export async function keepFile(
  folder: string,
  key: string,
  graph: Uint8Array,
  error: number,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const record: DerivedRecord = { sha256: sha256(graph), error };
  await writeWhole(graphPath(folder, key), graph);
  await writeWhole(recordPath(folder, key), `${JSON.stringify(record)}\n`);
  return graphPath(folder, key);
}

function graphPath(folder: string, key: string): string {
  return join(folder, `${key}.onnx`);
}

function recordPath(folder: string, key: string): string {
  return join(folder, `${key}.json`);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, content);
  await rename(part, path);
}
