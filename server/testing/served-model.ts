/** Versions of one model, for tests that change it while it is served. */

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MODELS } from "./start-engine.ts";

/** What a version of the model is made of: these networks differ in every number that they give. */
export type Source = "gaussian-mixture-vp" | "gaussian-mixture-subvp" | "gaussian-mixture-ve";

/**
 * Writes a shipped model over what is in `root`/`folder`, under a name of its own, as an operator would copy it: file by
 * file, in place.
 *
 * @returns its version, as ListModels tells it
 */
export async function writeVersion(
  root: string,
  source: Source,
  {
    name = "m",
    folder = name,
    ...changes
  }: { name?: string; folder?: string; samplingEps?: number } = {},
): Promise<string> {
  const [from, to] = [join(MODELS, source), join(root, folder)];
  await mkdir(to, { recursive: true });
  for (const file of await readdir(from)) {
    if (file !== "model.json") await copyFile(join(from, file), join(to, file));
  }
  const manifest = JSON.parse(await readFile(join(from, "model.json"), "utf8")) as object;
  const bytes = JSON.stringify({ ...manifest, name, ...changes });
  await writeFile(join(to, "model.json"), bytes);
  return createHash("sha256").update(bytes).digest("hex");
}
