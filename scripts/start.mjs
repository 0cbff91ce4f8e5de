/** `npm start -- <the server's arguments>`: builds what has changed, then runs the server. */
import { build } from "./build.mjs";
import { script } from "./command.mjs";
import { requireInstalled } from "./install.mjs";
import { serve } from "./serve.mjs";

await script(async () => {
  requireInstalled();
  await build();
});
if (process.exitCode === undefined) await serve(process.argv.slice(2));
