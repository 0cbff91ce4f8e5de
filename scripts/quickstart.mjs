/** `npm run quickstart`: from a bare clone to a running server. Arguments after `--` are the server's. */
import { build } from "./build.mjs";
import { script } from "./command.mjs";
import { installIfNeeded } from "./install.mjs";
import { serve } from "./serve.mjs";

await script(async () => {
  await installIfNeeded();
  await build();
});
if (process.exitCode === undefined) await serve(process.argv.slice(2));
