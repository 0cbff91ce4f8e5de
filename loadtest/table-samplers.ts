/**
 * What every sampler gives for its evaluations where the truth is known: the energy distance of its samples to exact
 * ones, on a Gaussian mixture with its exact score, in 2 and in 64 dimensions.
 *
 *   npm run table:samplers [-- --samples 500 --wide-samples 250 --seeds 4 --dry]
 *
 * Writes the table into docs/samplers.md, between its markers, and the picture docs/samplers-quality.svg.
 */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Piscina } from "piscina";
import { machine } from "./machine.ts";
import { CASES } from "./table-samplers-cases.ts";
import { findings } from "./table-samplers-findings.ts";
import { picture } from "./table-samplers-picture.ts";
import { between, type Quality, type Row, summary, table } from "./table-samplers-report.ts";
import { DIMENSIONS, PROCESS_NAMES } from "./table-samplers-truth.ts";
import type { Measured, MeasureTask } from "./table-samplers-worker.ts";

const { values } = parseArgs({
  options: {
    samples: { type: "string", default: "500" },
    "wide-samples": { type: "string", default: "250" },
    seeds: { type: "string", default: "4" },
    docs: { type: "string", default: "docs" },
    dry: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const samplesOf = { 2: Number(values.samples), 64: Number(values["wide-samples"]) };

const started = performance.now();
const threads = availableParallelism();
const pool = new Piscina<MeasureTask, Measured>({
  filename: new URL("./table-samplers-worker.js", import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
});

async function measure(task: Omit<MeasureTask, "samples" | "seeds">): Promise<Quality> {
  const measured = await pool.run({ ...task, samples: samplesOf[task.dims], seeds });
  return summary(measured);
}

const settings = DIMENSIONS.flatMap((dims) =>
  PROCESS_NAMES.map((process) => ({ dims, process }) as const),
);
const rows: Row[] = [];
const floors: Row[] = [];
await Promise.all(
  settings.flatMap((setting) => [
    measure(setting).then((quality) => {
      floors.push({ ...setting, sampler: "exact samples", setting: "", ...quality });
    }),
    ...CASES.map(async ({ sampler, family, setting: cost }, index) => {
      const quality = await measure({ ...setting, index });
      rows.push({ ...setting, sampler, family, setting: cost, ...quality });
    }),
  ]),
);
await pool.destroy();

for (const row of [...floors, ...rows]) {
  const { dims, process, sampler, setting, evaluations, distance, error } = row;
  print(`${dims}-D ${process} ${sampler} ${setting}: ${evaluations} ${distance} +- ${error}\n`);
}
if (!values.dry) {
  const page = `${values.docs}/samplers.md`;
  const text = await readFile(page, "utf8");
  await writeFile(page, between(text, table(rows, floors)));
  await writeFile(`${values.docs}/samplers-quality.svg`, picture(rows, floors));
}
const figures = {
  benchmark: "samplers",
  ...findings(rows, floors),
  cases: rows.length,
  samples: samplesOf,
  seeds,
  seconds: Math.round((performance.now() - started) / 1000),
  machine: machine(),
};
print(`${JSON.stringify(figures)}\n`);

function print(text: string): void {
  process.stdout.write(text);
}
