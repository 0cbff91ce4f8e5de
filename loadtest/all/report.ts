import { VERSION } from "../../server/version.ts";
import { machine } from "../machine.ts";
import type { Benchmark } from "./benchmarks.ts";

export interface Outcome {
  readonly benchmark: Benchmark;
  /** The last line that it printed; undefined where it failed. */
  readonly figures: Readonly<Record<string, unknown>> | undefined;
}

/** Markdown: where and when it was measured, then a table a benchmark. */
export function report(outcomes: readonly Outcome[], date: string, note: string): string {
  const where = `${date}, scorestream ${VERSION}, ${machine()}${note === "" ? "" : `; ${note}`}.`;
  return [where, ...outcomes.map(section)].join("\n\n").concat("\n");
}

function section({ benchmark, figures }: Outcome): string {
  const head = `### ${benchmark.name}\n\n\`npm run bench:${benchmark.command}\``;
  if (figures === undefined) return `${head} failed.`;
  const rows = Object.entries(figures)
    .filter(([name]) => name !== "benchmark" && name !== "machine")
    .flatMap(([name, value]) => rowsOf(name, value));
  return [head, ["| figure | value |", "| --- | --- |", ...rows].join("\n")].join("\n\n");
}

/** A row a figure; of a list or an object, a row each of what is in it. */
function rowsOf(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.map((one) => `| ${name} | ${flat(one)} |`);
  return [`| ${name} | ${flat(value)} |`];
}

function flat(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name} ${flat(one)}`)
    .join(", ");
}
