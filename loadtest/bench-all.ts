/**
 * Runs benchmarks one after the other and writes docs/benchmarks.md between its markers: what each printed, with its command,
 * the machine, the versions and the date. Those that are not run stay on the page as they are.
 *
 *   npm run bench:all [-- --only overhead,memory --python PATH --note "beside other work" --page docs/benchmarks.md]
 *
 * Takes an hour or so. One that fails is in the page as failed. PyTorch's needs --python, and is left out without.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ALL_BENCHMARKS, type Benchmark } from "./all/benchmarks.ts";
import { type Outcome, report } from "./all/report.ts";
import { between, measured } from "./page.ts";
import { runScript } from "./spawn.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    python: { type: "string", default: "" },
    note: { type: "string", default: "" },
    page: { type: "string", default: "docs/benchmarks.md" },
  },
});
const names = values.only === "" ? [] : values.only.split(",");
const known = ALL_BENCHMARKS.map(({ name }) => name);
const unknown = names.find((name) => !known.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`--only: seen ${unknown}, expected some of ${known.join()}\n`);
  process.exit(2);
}

function chosen({ name, needsPython = false }: Benchmark): boolean {
  if (needsPython && values.python === "") return false;
  return names.length === 0 || names.includes(name);
}

const outcomes: Outcome[] = [];
for (const benchmark of ALL_BENCHMARKS.filter(chosen)) {
  process.stdout.write(`${benchmark.name}\n`);
  const args = benchmark.needsPython ? ["--python", values.python] : [];
  try {
    const figures = (await runScript(benchmark.script, args)) as Outcome["figures"];
    outcomes.push({ benchmark, figures });
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    outcomes.push({ benchmark, figures: undefined });
  }
}
const page = readFileSync(values.page, "utf8");
const text = report(measured(page), outcomes, new Date().toISOString().slice(0, 10), values.note);
writeFileSync(values.page, between(page, text));
process.stdout.write(`written: ${values.page}\n`);
