/**
 * What every sampler gives for its evaluations where the truth is known: the energy distance of its samples to exact
 * ones, on a Gaussian mixture with its exact score, in 2 and in 64 dimensions.
 *
 *   npm run table:samplers [-- --samples 400 --wide-samples 200 --close-samples 3000
 *     --wide-close-samples 1500 --seeds 4 --dry]
 *
 * Writes the table into docs/samplers.md, between its markers, and the picture docs/samplers-quality.svg.
 */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Piscina } from "piscina";
import { machine } from "./machine.ts";
import { between } from "./page.ts";
import { CASES, caseIndex } from "./table-samplers-cases.ts";
import {
  CORRECTOR_COMPARISONS,
  type Compared,
  type Comparison,
  FAST_COMPARISONS,
  looseTolerances,
  ratioOf,
} from "./table-samplers-findings.ts";
import { picture } from "./table-samplers-picture.ts";
import { type Quality, type Row, summary, table } from "./table-samplers-report.ts";
import { DIMENSIONS, PROCESS_NAMES } from "./table-samplers-truth.ts";
import type { Measured, MeasureTask } from "./table-samplers-worker.ts";

const { values } = parseArgs({
  options: {
    samples: { type: "string", default: "400" },
    "wide-samples": { type: "string", default: "200" },
    "close-samples": { type: "string", default: "3000" },
    "wide-close-samples": { type: "string", default: "1500" },
    seeds: { type: "string", default: "4" },
    docs: { type: "string", default: "docs" },
    dry: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const samplesOf = { 2: Number(values.samples), 64: Number(values["wide-samples"]) };
const closeSamplesOf = {
  2: Number(values["close-samples"]),
  64: Number(values["wide-close-samples"]),
};

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

const closely = new Map<string, Promise<Quality>>();

/** As `measure`, with as many samples as the comparisons take, and each thing once. */
function measureClosely(task: Omit<MeasureTask, "samples" | "seeds">): Promise<Quality> {
  const name = JSON.stringify(task);
  const quality =
    closely.get(name) ??
    pool.run({ ...task, samples: closeSamplesOf[task.dims], seeds }).then(summary);
  closely.set(name, quality);
  return quality;
}

async function compare(comparison: Comparison): Promise<Compared> {
  const { dims, process: name, loser, winner } = comparison;
  const [lost, won, exact] = await Promise.all([
    measureClosely({ dims, process: name, index: caseIndex(...loser) }),
    measureClosely({ dims, process: name, index: caseIndex(...winner) }),
    measureClosely({ dims, process: name }),
  ]);
  return { ...comparison, lost, won, exact };
}

const settings = DIMENSIONS.flatMap((dims) =>
  PROCESS_NAMES.map((name) => ({ dims, process: name }) as const),
);
// The longest first, so that no thread is left with one at the end.
const [corrected, fast, floors, rows] = await Promise.all([
  Promise.all(CORRECTOR_COMPARISONS.map(compare)),
  Promise.all(FAST_COMPARISONS.map(compare)),
  Promise.all(
    settings.map(async (setting): Promise<Row> => {
      const quality = await measure(setting);
      return { ...setting, sampler: "exact samples", setting: "", ...quality };
    }),
  ),
  Promise.all(
    settings.flatMap((setting) =>
      CASES.map(async ({ sampler, family, setting: cost }, index): Promise<Row> => {
        const quality = await measure({ ...setting, index });
        return { ...setting, sampler, family, setting: cost, ...quality };
      }),
    ),
  ),
]);
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
  veCorrectorGain: corrected.map(ratioOf),
  odeLooseTolerance: looseTolerances(rows),
  dpmSolver20OverEulerMaruyama200: fast.map(ratioOf),
  cases: rows.length,
  samples: samplesOf,
  closeSamples: closeSamplesOf,
  seeds,
  seconds: Math.round((performance.now() - started) / 1000),
  machine: machine(),
};
print(`${JSON.stringify(figures)}\n`);

function print(text: string): void {
  process.stdout.write(text);
}
