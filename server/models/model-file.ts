import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { shown } from "../issue-texts.ts";
import type { FileEntry } from "./manifest-process.ts";
import { type Finding, fieldFinding } from "./model-problem.ts";

/** Where a file of a model lies, or what is wrong with it. */
export type CheckedFile =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly finding: Finding };

/**
 * Finds a file that a manifest names and compares its bytes with their sha256.
 *
 * @param folder the model's folder; the file must lie inside it, links followed
 * @param field path of the manifest's entry, such as `score`
 */
export async function checkFile(
  folder: string,
  field: string,
  { file, sha256 }: FileEntry,
): Promise<CheckedFile> {
  const wrong = (part: string, message: string): CheckedFile => ({
    ok: false,
    finding: fieldFinding(`${field}.${part}`, message),
  });
  const inside = "expected a relative path to a file inside the model's folder";
  if (leavesFolder(file)) return wrong("file", `seen ${shown(file)}, ${inside}`);
  const path = await realpath(join(folder, file)).catch(() => undefined);
  if (path === undefined) return wrong("file", `seen ${shown(file)}, but there is no such file`);
  if (!path.startsWith((await realpath(folder)) + sep)) {
    return wrong("file", `seen ${shown(file)}, a link out of the folder, ${inside}`);
  }
  if (!(await stat(path)).isFile()) {
    return wrong("file", `seen ${shown(file)}, which is not a file`);
  }
  const seen = await sha256Of(path);
  if (seen !== sha256) {
    const message = `seen ${shown(sha256)}, but the bytes of ${file} have "${seen}": the file or the manifest is not the one meant`;
    return wrong("sha256", message);
  }
  return { ok: true, path };
}

/** Whether a path may name something outside the folder it is relative to. */
export function leavesFolder(file: string): boolean {
  return isAbsolute(file) || /[\\:\0]/.test(file) || file.split("/").includes("..");
}

/** In hexadecimal digits. @throws what node throws for a file that can't be read */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
