import { VERSION } from "../../server/version.ts";
import { machine } from "../machine.ts";
import { ALL_BENCHMARKS, type Benchmark } from "./benchmarks.ts";

export interface Outcome {
  readonly benchmark: Benchmark;
  /** The last line that it printed; undefined where it failed. */
  readonly figures: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Markdown: a section a benchmark, with its command, when and where it was run and its figures. Those that were not run stay
 * as they are.
 *
 * @param before what the page has
 */
export function report(
  before: string,
  outcomes: readonly Outcome[],
  date: string,
  note: string,
): string {
  const sections = new Map(
    before
      .split(/^(?=### )/m)
      .filter((text) => text.startsWith("### "))
      .map((text) => [/^### (.*)$/m.exec(text)?.[1] ?? "", text.trim()]),
  );
  const where = `${date}, scorestream ${VERSION}, ${machine()}${note === "" ? "" : `; ${note}`}.`;
  for (const outcome of outcomes) {
    sections.set(outcome.benchmark.name, section(outcome, where));
  }
  return ALL_BENCHMARKS.flatMap(({ name }) => sections.get(name) ?? [])
    .join("\n\n")
    .concat("\n");
}

function section({ benchmark, figures }: Outcome, where: string): string {
  const head = `### ${benchmark.name}\n\n\`npm run bench:${benchmark.command}\``;
  if (figures === undefined) return `${head} failed. ${where}`;
  const rows = Object.entries(figures)
    .filter(([name]) => name !== "benchmark" && name !== "machine")
    .flatMap(([name, value]) => rowsOf(name, value));
  const table = ["| figure | value |", "| --- | --- |", ...rows].join("\n");
  return [`${head}, ${where}`, table].join("\n\n");
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
