/**
 * Compiles the kernels of worker/wasm to dist/worker/*.wasm. Skips one whose output is newer than its source
 * and this script, which holds the options.
 */
import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const KERNELS = ["noise"];

/** SIMD; no runtime, no abort import: a kernel allocates nothing and cannot fail. */
const OPTIONS = ["-O3", "--enable", "simd", "--runtime", "stub", "--use", "abort="];

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

/** Time of the last change in ms; 0 where there is no file. */
function changed(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

mkdirSync("dist/worker", { recursive: true });
for (const kernel of KERNELS) {
  const source = `worker/wasm/${kernel}.ts`;
  const output = `dist/worker/${kernel}.wasm`;
  if (changed(output) > Math.max(changed(source), changed("scripts/build-wasm.mjs"))) continue;
  // Imported only here: loading the compiler takes longer than the check.
  const { main } = await import("assemblyscript/asc");
  const { error, stderr } = await main([source, "-o", output, ...OPTIONS]);
  if (error) {
    process.stderr.write(stderr.toString());
    process.exit(1);
  }
}
