/**
 * Bundles clients/web to dist/clients/web/public: one script and one stylesheet, named by what is in them, and
 * index.html, which names them. The server serves that folder and nothing else of dist/.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./command.mjs";

const SOURCE = join(root, "clients/web");
const OUTPUT = join(root, "dist/clients/web/public");

/** Browsers with CSS light-dark(), of 2024 and later. */
const BROWSERS = ["chrome123", "firefox120", "safari17.5"];

export async function buildWeb() {
  // Imported only here: nothing else of the build needs it.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(SOURCE, "main.ts"), join(SOURCE, "style.css")],
    entryNames: "[name]-[hash]",
    outdir: OUTPUT,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: BROWSERS,
    minify: true,
    charset: "utf8",
    sourcemap: true,
    write: false,
    logLevel: "warning",
  });
  const names = outputFiles.map(({ path }) => basename(path));
  const named = (start, end) =>
    names.find((name) => name.startsWith(`${start}-`) && name.endsWith(end));
  const html = readFileSync(join(SOURCE, "index.html"), "utf8")
    .replace("main.js", named("main", ".js"))
    .replace("style.css", named("style", ".css"));
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  writeFileSync(join(OUTPUT, "index.html"), html);
  copyFileSync(join(SOURCE, "icon.svg"), join(OUTPUT, "icon.svg"));
}
