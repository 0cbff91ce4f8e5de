/** `npm run check`: format, lint, types, generated code, tests. */
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { CommandFailed, capture, script, TOOLS } from "./command.mjs";
import { compareGenerated } from "./generate.mjs";
import { requireInstalled } from "./install.mjs";
import { compareLayers } from "./layers.mjs";
import { runTests } from "./run-tests.mjs";
import { compareSettingsTable } from "./settings-table.mjs";

/** Name to what it runs; each answers with an exit code and its output. */
const STATIC_CHECKS = {
  layers: compareLayers,
  "format and lint": () =>
    capture([TOOLS.biome, "check", "--error-on-warnings", "--max-diagnostics=20", "."]),
  "lint with types": () => capture([TOOLS.oxlint, "--type-aware", "--deny-warnings", "."]),
  "contract lint": () => capture([TOOLS.buf, "lint"]),
  "generated code": compareGenerated,
};

/** The same of checks that need a build. */
const BUILT_CHECKS = {
  "settings in the README": compareSettingsTable,
};

/** Checks everything, the cheap first; the tests run only where all else is well. */
export async function check() {
  await runChecks(STATIC_CHECKS);
  await build();
  await runChecks(BUILT_CHECKS);
  await runTests([]);
}

/** @throws CommandFailed that names the checks that failed, after what they had to say. */
async function runChecks(checks) {
  const failed = [];
  for (const [name, runCheck] of Object.entries(checks)) {
    const started = performance.now();
    const { code, output } = await runCheck();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? "ok    " : "failed"} ${name} (${seconds} s)`);
    if (code === 0) continue;
    failed.push(name);
    console.log(output.trimEnd());
  }
  if (failed.length > 0) throw new CommandFailed(`failed: ${failed.join(", ")}; no test was run`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await script(async () => {
    requireInstalled();
    await check();
  });
}
