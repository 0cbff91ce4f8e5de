import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./command.mjs";

/**
 * Becomes the server: runs it in this process, as `node dist/server/main.js <args>` would. So signals, the exit
 * code and the three standard streams are the server's own, and no second process outlives a killed one.
 */
export async function serve(args) {
  const main = join(root, "dist/server/main.js");
  process.argv = [process.execPath, main, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(main).href);
}
