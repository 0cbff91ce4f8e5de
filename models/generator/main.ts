/** Writes the oracle models into models/: `npm run models:generate`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "./files.ts";

// Compiled, this file is dist/models/generator/main.js.
const folder = fileURLToPath(new URL("../../../models/", import.meta.url));
for (const { path, bytes } of generatedFiles()) {
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, bytes);
  process.stdout.write(`models/${path}: ${bytes.length} bytes\n`);
}
