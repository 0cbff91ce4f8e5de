/**
 * `npm test`: from a bare clone to a checked and tested build. With arguments, such as
 * `npm test -- sde/noise.test.ts --match='*marginal*'`, it builds and runs only those tests.
 */

import { build } from "./build.mjs";
import { check } from "./check.mjs";
import { script } from "./command.mjs";
import { installIfNeeded } from "./install.mjs";
import { installDebianPackages } from "./install-debian.mjs";
import { runTests } from "./run-tests.mjs";

await script(async () => {
  await installIfNeeded();
  const args = process.argv.slice(2);
  if (args.length === 0 || args.some((arg) => arg.includes("clients/web")))
    await installDebianPackages();
  if (args.length === 0) return check();
  await build();
  await runTests(args);
});
