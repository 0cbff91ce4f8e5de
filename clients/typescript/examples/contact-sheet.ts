import { writeFile } from "node:fs/promises";
import type { Sampler } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { contactSheet, type SheetRow } from "../pictures/contact-sheet.ts";
import { collectFrames } from "../pictures/film-strip.ts";
import { openProgram } from "./program.ts";

const about = `Samples a model by every sampler, with the same seed, and writes one picture: a row a sampler.`;

const { client, values, run } = openProgram(about, {
  count: { value: "N", default: 12, doc: "samples of each sampler" },
  seed: { value: "N", default: 7, doc: "seed" },
  size: { value: "N", default: 56, doc: "side of a picture, in pixels" },
  out: { value: "FILE", default: "docs/samplers-digits.png", doc: "PNG to write" },
});

type Method = NonNullable<Parameters<typeof Sampler.fromPartial>[0]["method"]>;

const pc = (predictor: string, corrector: string, steps: number): Method => ({
  $case: "predictorCorrector",
  value: { predictor, corrector, steps, correctorSteps: 1, signalToNoise: 0.16 },
});
const flow = (value: { solver: string; steps?: number; tolerance?: number }): Method => ({
  $case: "probabilityFlow",
  value: {
    solver: value.solver,
    steps: value.steps ?? 0,
    relativeTolerance: value.tolerance ?? 0,
    absoluteTolerance: value.tolerance ?? 0,
  },
});
const fast = (method: string, steps: number): Method => ({
  $case: "fast",
  value: { method, steps },
});

/** What each row shows: its name and its sampler. */
const SAMPLERS: readonly (readonly [name: string, method: Method])[] = [
  ["euler-maruyama", pc("euler-maruyama", "none", 200)],
  ["reverse-diffusion", pc("reverse-diffusion", "none", 200)],
  ["ancestral", pc("ancestral", "none", 200)],
  ["probability-flow", pc("probability-flow", "none", 200)],
  ["reverse-diffusion + langevin", pc("reverse-diffusion", "langevin", 100)],
  ["ancestral + hmc", pc("ancestral", "hmc", 50)],
  ["ancestral + denoise-renoise", pc("ancestral", "denoise-renoise", 100)],
  [
    "annealed Langevin",
    {
      $case: "annealedLangevin",
      value: { scales: 100, stepsPerScale: 5 },
    },
  ],
  ["rk45, tolerance 1e-3", flow({ solver: "rk45", tolerance: 1e-3 })],
  ["rk45, tolerance 1e-1", flow({ solver: "rk45", tolerance: 1e-1 })],
  ["heun", flow({ solver: "heun", steps: 25 })],
  ["euler", flow({ solver: "euler", steps: 50 })],
  ["ddim", fast("ddim", 20)],
  ["dpm-solver++2m", fast("dpm-solver++2m", 20)],
  ["dpm-solver++2m-sde", fast("dpm-solver++2m-sde", 20)],
  ["unipc", fast("unipc", 10)],
  ["edm-heun", fast("edm-heun", 18)],
  ["edm-stochastic", fast("edm-stochastic", 18)],
  ["edm-restart", fast("edm-restart", 18)],
];

await run(async () => {
  const rows: SheetRow[] = [];
  for (const [name, method] of SAMPLERS) {
    const { count } = values;
    let evaluations = 0;
    const events = client.sample({
      model: values.model,
      count,
      seed: BigInt(values.seed),
      sampler: { method },
    });
    const samples = await collectFrames(events, ({ event }) => {
      if (event?.$case === "completed") evaluations = Number(event.value.evaluations) / count;
    });
    const pictures = samples.flatMap((frames) => frames.slice(-1));
    if (pictures.length < count) throw new Error(`${name}: ${pictures.length} of ${count} samples`);
    const detail = `${Math.round(evaluations)} evaluations`;
    rows.push({ label: [name, detail], pictures });
    process.stderr.write(`row ${rows.length}: ${name}, ${detail}\n`);
  }
  const { png, labelled } = await contactSheet(rows, values.size);
  await writeFile(values.out, png);
  if (!labelled) {
    process.stderr.write(
      "this machine has no font: the labels are blank, and the rows as listed here\n",
    );
  }
  process.stdout.write(`${values.out}\n`);
});
