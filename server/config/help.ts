import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** What `--help` prints. */
export function renderHelp(): string {
  const rows = Object.values(SETTINGS).map((setting): [string, string] => [
    `${setting.flag} <${setting.unit === "" ? "value" : setting.unit}>`,
    `${setting.doc}\n${setting.variable}; ${setting.range}; default ${shown(setting)}`,
  ]);
  const all: [string, string][] = [...rows, ["--help", "Prints this and exits."]];
  const width = Math.max(...all.map(([flag]) => flag.length)) + 2;
  const indent = `\n  ${" ".repeat(width)}`;
  const lines = all.map(
    ([flag, words]) => `  ${flag.padEnd(width)}${words.replaceAll("\n", indent)}`,
  );
  return [
    "scorestream: a streaming inference server for score-based diffusion models",
    "",
    "Each setting is a flag or an environment variable; the flag wins.",
    "",
    ...lines,
    "",
  ].join("\n");
}

/** The same as a Markdown table, for the README. */
export function renderMarkdownTable(): string {
  const rows = Object.values(SETTINGS).map((setting) => {
    const cells = [
      `\`${setting.flag}\``,
      `\`${setting.variable}\``,
      `\`${shown(setting)}\``,
      setting.unit,
      setting.range,
      setting.doc,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const head = [
    "| flag | variable | default | unit | value | |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  return [...head, ...rows, ""].join("\n");
}

function shown(setting: Setting<string | number>): string {
  return setting.default === "" ? '""' : String(setting.default);
}
