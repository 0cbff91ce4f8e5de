import { createHash, randomUUID } from "node:crypto";
import { constants, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileEntry } from "./manifest-process.ts";
import { sha256Of } from "./model-file.ts";
import { type Finding, fieldFinding } from "./model-problem.ts";

/** An ONNX file and the files beside it that hold its weights. */
export interface NetworkFiles extends FileEntry {
  readonly externalData: readonly FileEntry[];
}

/**
 * Copies a network's files to where nobody changes them: a worker that replaces another opens them again, however long
 * ago that was and whatever has become of the model's folder since. A copy is named by its content, so that versions and
 * servers share it, and is made whole or not at all (docs/decisions/0013).
 *
 * @param folder the model's folder
 * @param field path of the manifest's entry, such as `score`
 * @param cache the folder that keeps copies
 * @returns the copy's path, or what is wrong with a file
 * @throws what node throws where the copy can't be written
 */
export async function keepNetwork(
  folder: string,
  field: string,
  network: NetworkFiles,
  cache: string,
): Promise<string | Finding> {
  const files = [network, ...network.externalData];
  const names = files.map(({ file, sha256 }) => [file, sha256]);
  const key = createHash("sha256").update(JSON.stringify(names)).digest("hex");
  const kept = join(cache, "networks", key);
  for (const { file, sha256 } of files) {
    if (await keepFile(join(folder, file), join(kept, file), sha256)) continue;
    return fieldFinding(`${field}.file`, `${file} changed while it was read: reload once it rests`);
  }
  return join(kept, network.file);
}

/** @returns false where the file's bytes are not those of the sha256 */
async function keepFile(from: string, to: string, sha256: string): Promise<boolean> {
  if ((await sha256Of(to).catch(() => undefined)) === sha256) return true;
  await mkdir(dirname(to), { recursive: true });
  const part = `${to}.${randomUUID()}.part`;
  try {
    await copyFile(from, part, constants.COPYFILE_FICLONE);
    if ((await sha256Of(part)) !== sha256) return false;
    await rename(part, to);
    return true;
  } finally {
    await rm(part, { force: true });
  }
}
