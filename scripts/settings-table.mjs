/** The README's table of settings, which the server's own table of them writes. Needs a build. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./command.mjs";

const README = join(root, "README.md");

/** What stands between the two comments is generated. */
const MARKED = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/;

async function fresh() {
  const { renderMarkdownTable } = await import("../dist/server/config/help.js");
  return readFileSync(README, "utf8").replace(
    MARKED,
    (_, before, after) => `${before}\n${renderMarkdownTable()}\n${after}`,
  );
}

export async function writeSettingsTable() {
  writeFileSync(README, await fresh());
}

export async function compareSettingsTable() {
  if ((await fresh()) === readFileSync(README, "utf8")) return { code: 0, output: "" };
  return { code: 1, output: "README.md is out of date: run `npm run generate`" };
}
