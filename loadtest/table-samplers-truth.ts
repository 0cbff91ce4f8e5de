import {
  diffusedMixture,
  type FillNormal,
  type ForwardProcess,
  type GaussianMixture,
  mixtureSample,
  mixtureScore,
  type Score,
  uniformNumber,
  varianceExploding,
  variancePreserving,
} from "../sde/index.ts";

export const PROCESS_NAMES = ["ve", "vp"] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

export const DIMENSIONS = [2, 64] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const PROCESSES: Readonly<Record<ProcessName, ForwardProcess>> = {
  ve: varianceExploding({ sigmaMin: 0.01, sigmaMax: 50 }),
  vp: variancePreserving({ betaMin: 0.1, betaMax: 20 }),
};

const WEIGHTS = [0.3, 0.25, 0.2, 0.15, 0.1];

/** Data in about [0, 1]: unequal modes, well apart. */
const UNIT_DATA: Readonly<Record<Dimension, GaussianMixture>> = {
  2: {
    weights: WEIGHTS,
    means: [
      [0.2, 0.2],
      [0.8, 0.25],
      [0.5, 0.55],
      [0.15, 0.85],
      [0.85, 0.8],
    ],
    stds: [0.05, 0.08, 0.04, 0.06, 0.05],
  },
  64: {
    weights: WEIGHTS,
    means: WEIGHTS.map((_, k) =>
      Array.from({ length: 64 }, (__, draw) => uniformNumber({ seed: 64n, sample: k, draw })),
    ),
    stds: [0.1, 0.15, 0.08, 0.12, 0.1],
  },
};

/** Width of the data's range: VP takes it in [-1, 1], as the paper does. */
export const RANGE: Readonly<Record<ProcessName, number>> = { ve: 1, vp: 2 };

/** The data in the range that the process takes. */
export function dataOf(name: ProcessName, dims: Dimension): GaussianMixture {
  const { weights, means, stds } = UNIT_DATA[dims];
  if (name === "ve") return { weights, means, stds };
  return {
    weights,
    means: means.map((mean) => mean.map((value) => 2 * value - 1)),
    stds: stds.map((std) => 2 * std),
  };
}

/** The exact score. The mixture at each time is kept: trajectories on a fixed grid come by the same times. */
export function exactScore(process: ForwardProcess, data: GaussianMixture): Score {
  const known = new Map<number, GaussianMixture>();
  return (x, t) => {
    let mixture = known.get(t);
    if (mixture === undefined) {
      mixture = diffusedMixture(data, process.marginal(t));
      if (known.size < 4096) known.set(t, mixture);
    }
    return mixtureScore(mixture, x);
  };
}

/** Exact samples of the data, one after another. */
export function exactSamples(
  data: GaussianMixture,
  count: number,
  { seed, fill }: { seed: bigint; fill: FillNormal },
): Float64Array {
  const dims = data.means[0]?.length ?? 0;
  const samples = new Float64Array(count * dims);
  const z = new Float32Array(dims);
  for (let sample = 0; sample < count; sample++) {
    fill(z, { seed, sample, draw: 0 });
    samples.set(mixtureSample(data, uniformNumber({ seed, sample, draw: 0 }), z), sample * dims);
  }
  return samples;
}
