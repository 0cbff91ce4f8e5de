/** `npm run build`: TypeScript to dist/ by its project references, the WASM kernels and the page. Incremental. */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildWeb } from "./build-web.mjs";
import { root, run, script, TOOLS } from "./command.mjs";
import { requireInstalled } from "./install.mjs";

/** What buildWeb() wrote; it has no sources of the same names. */
const BUNDLED = join("clients", "web", "public");
const COMPILED = /(\.js|\.js\.map|\.d\.ts|\.d\.ts\.map)$/;

/** Everything it has to say goes to stderr. */
export async function build() {
  await Promise.all([
    run(process.execPath, [TOOLS.tsc, "-b"]),
    run(process.execPath, ["scripts/build-wasm.mjs"]),
    buildWeb(),
  ]);
  // Last, because only a build that succeeded has noted that the source is gone: a source that comes back is
  // then compiled again.
  removeStale();
  makeExecutable();
}

/** npm links the commands of an installed package; TypeScript writes files that can't be executed. */
function makeExecutable() {
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const path of Object.values(bin)) chmodSync(join(root, path), 0o755);
}

/** Removes what was compiled from a source that is no longer there; else its tests would still run. */
function removeStale() {
  const dist = join(root, "dist");
  if (!existsSync(dist)) return;
  for (const path of readdirSync(dist, { recursive: true })) {
    if (!COMPILED.test(path) || path.startsWith(BUNDLED)) continue;
    if (existsSync(join(root, path.replace(COMPILED, ".ts")))) continue;
    rmSync(join(dist, path));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await script(async () => {
    requireInstalled();
    await build();
  });
}
