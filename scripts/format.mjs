/** `npm run format`: lays out every file as Biome does and sorts its imports. */
import { run, script, TOOLS } from "./command.mjs";
import { requireInstalled } from "./install.mjs";

await script(async () => {
  requireInstalled();
  await run(process.execPath, [TOOLS.biome, "check", "--linter-enabled=false", "--write", "."]);
});
