import { interpret, type Score } from "../sde/index.ts";
// biome-ignore lint/style/noRestrictedImports: this file is itself run by threads, and needs no server.
import { createFillNormal } from "../worker/noise.ts";
import { type Cloud, cloudOf, energyDistance } from "./energy-distance.ts";
import { CASES } from "./table-samplers-cases.ts";
import {
  type Dimension,
  dataOf,
  exactSamples,
  exactScore,
  PROCESSES,
  type ProcessName,
  RANGE,
} from "./table-samplers-truth.ts";

/** One thing to measure; without a case, exact samples themselves. */
export interface MeasureTask {
  readonly process: ProcessName;
  readonly dims: Dimension;
  /** Index in CASES. */
  readonly index?: number;
  readonly samples: number;
  readonly seeds: number;
}

export interface Measured {
  /** Energy distance to as many exact samples, one a seed, in widths of the data's range. */
  readonly distances: readonly number[];
  /** Network evaluations of a sample, on average. */
  readonly evaluations: number;
}

/** Seeds of the exact samples that all are measured against, and of those that are measured themselves. */
const REFERENCE_SEED = 1_000n;
const EXACT_SEED = 2_000n;

const fill = createFillNormal();

const references = new Map<string, Cloud>();

/** The exact samples that a seed is measured against, made once. */
function reference(
  { process, dims, samples }: Omit<MeasureTask, "index" | "seeds">,
  seed: number,
): Cloud {
  const name = `${process} ${dims} ${samples} ${seed}`;
  const known = references.get(name);
  if (known !== undefined) return known;
  const key = { seed: REFERENCE_SEED + BigInt(seed), fill };
  const made = cloudOf(exactSamples(dataOf(process, dims), samples, key), dims);
  references.set(name, made);
  return made;
}

/** Runs one sampler on one mixture and measures it, once a seed. */
export default function measure({ process, dims, index, samples, seeds }: MeasureTask): Measured {
  const data = dataOf(process, dims);
  let evaluations = 0;
  const distances = Array.from({ length: seeds }, (_, seed) => {
    const truth = reference({ process, dims, samples }, seed);
    let drawn: Float64Array;
    if (index === undefined) {
      drawn = exactSamples(data, samples, { seed: EXACT_SEED + BigInt(seed), fill });
    } else {
      const run = runCase({ process, dims, index, samples }, BigInt(seed + 1));
      drawn = run.drawn;
      evaluations += run.evaluations / (samples * seeds);
    }
    return energyDistance(cloudOf(drawn, dims), truth) / RANGE[process];
  });
  return { distances, evaluations };
}

function runCase(
  { process: name, dims, index, samples }: Required<Omit<MeasureTask, "seeds">>,
  seed: bigint,
): { readonly drawn: Float64Array; readonly evaluations: number } {
  const process = PROCESSES[name];
  const chosen = CASES[index];
  if (chosen === undefined) throw new RangeError(`no case ${index}`);
  const program = chosen.program(process);
  const exact = exactScore(process, dataOf(name, dims));
  let evaluations = 0;
  const drawn = new Float64Array(samples * dims);
  // Where no step looks at a trajectory as a whole, all of them fit in one vector, which is many times faster.
  const together = chosen.norms ? 1 : samples;
  for (let sample = 0; sample < samples; sample += together) {
    const score: Score = (x, t) => {
      evaluations += together;
      const scores = new Float64Array(x.length);
      for (let i = 0; i < x.length; i += dims) scores.set(exact(x.subarray(i, i + dims), t), i);
      return scores;
    };
    const options = { dims: together * dims, seed, sample, fill };
    drawn.set(interpret(program, score, options), sample * dims);
  }
  return { drawn, evaluations };
}
