import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

// Compiled, this file is dist/server/testing/thin-models.js.
const GENERATOR = fileURLToPath(new URL("../../models/generator/thin-network.js", import.meta.url));

/**
 * Writes the models `thin-SIZE` into a new folder: thin U-Nets of random weights (models/generator/thin-network.ts). The
 * caller removes it.
 */
export async function writeThinModels(sizes: readonly number[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-thin-"));
  await promisify(execFile)(process.execPath, [GENERATOR, folder, ...sizes.map(String)]);
  return folder;
}
