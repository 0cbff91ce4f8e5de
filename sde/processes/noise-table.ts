import type { ForwardProcess } from "./forward-process.ts";

/** A curve through the points of a table at t = 0, 1 / (N - 1), ..., 1, linear between them. */
interface Curve {
  at(t: number): number;
  slope(t: number): number;
  /** The t of a value of a rising or falling curve; beyond its ends, by the first or last piece. */
  inverse(value: number): number;
}

function curve(values: Float64Array): Curve {
  const last = values.length - 1;
  const piece = (t: number): number => Math.min(last - 1, Math.max(0, Math.floor(t * last)));
  const ends = (i: number): [number, number] => [
    values[i] ?? Number.NaN,
    values[i + 1] ?? Number.NaN,
  ];
  const rising = (values[last] ?? 0) > (values[0] ?? 0);
  return {
    at: (t) => {
      const i = piece(t);
      const [from, to] = ends(i);
      return from + (t * last - i) * (to - from);
    },
    slope: (t) => {
      const [from, to] = ends(piece(t));
      return (to - from) * last;
    },
    inverse: (value) => {
      let low = 0;
      let high = last - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((values[middle] ?? 0) <= value === rising) low = middle;
        else high = middle - 1;
      }
      const [from, to] = ends(low);
      return (low + (value - from) / (to - from)) / last;
    },
  };
}

function checkTable(name: string, values: readonly number[], below: number): void {
  if (values.length < 2)
    throw new RangeError(`${name} needs at least 2 values; seen ${values.length}`);
  const wrong = values.findIndex((value) => !(value > 0 && value < below));
  if (wrong >= 0)
    throw new RangeError(`${name}[${wrong}] must lie in (0, ${below}); seen ${values[wrong]}`);
}

/**
 * DDPM's discrete process as a continuous one: t = k / (N - 1) is level k, and log alphaBar is linear between levels,
 * which is a VP process whose beta(t) is constant from level to level. Any number of steps fits any table.
 *
 * @param betas beta_k in (0, 1), least noise first, N >= 2
 * @throws RangeError for a table that can't be
 * @see Ho et al. 2020, section 2; Song et al. 2021, equation 10.
 */
export function ddpmProcess(betas: readonly number[]): ForwardProcess {
  checkTable("betas", betas, 1);
  let sum = 0;
  // log mean = 1/2 log alphaBar_k.
  const logMean = curve(Float64Array.from(betas, (beta) => (sum += 0.5 * Math.log1p(-beta))));
  return {
    kind: "vp",
    levels: betas.length,
    endTime: 1,
    timeGrid: "uniform",
    // Level 0 is the least noise that the network was trained on; time 0 itself would be that level, so it is named
    // by the smallest t that a double tells from it.
    samplingEps: LEVEL_ZERO,
    likelihoodEps: LEVEL_ZERO,
    priorStd: 1,
    driftCoefficient: (t) => logMean.slope(t),
    diffusion: (t) => Math.sqrt(-2 * logMean.slope(t)),
    marginal: (t) => {
      const log = logMean.at(t);
      return { mean: Math.exp(log), std: Math.sqrt(-Math.expm1(2 * log)) };
    },
    timeOfSigma: (sigma) => logMean.inverse(-0.5 * Math.log1p(sigma * sigma)),
  };
}

/** Level 0 of a table, told from the noise-free time 0. */
const LEVEL_ZERO = 1e-9;

/**
 * SMLD's (NCSN's) discrete process as a continuous one: t = k / (N - 1) is level k, and log sigma is linear between
 * levels.
 *
 * @param sigmas rising, > 0, least noise first, N >= 2
 * @throws RangeError for a table that can't be
 * @see Song and Ermon 2019; Song et al. 2021, equation 8.
 */
export function smldProcess(sigmas: readonly number[]): ForwardProcess {
  checkTable("sigmas", sigmas, Number.POSITIVE_INFINITY);
  const falls = sigmas.findIndex((sigma, k) => k > 0 && sigma <= (sigmas[k - 1] ?? 0));
  if (falls >= 0)
    throw new RangeError(`sigmas must rise; seen ${sigmas[falls - 1]}, ${sigmas[falls]}`);
  const logSigma = curve(Float64Array.from(sigmas, Math.log));
  const sigma = (t: number): number => Math.exp(logSigma.at(t));
  return {
    kind: "ve",
    levels: sigmas.length,
    endTime: 1,
    timeGrid: "uniform",
    samplingEps: LEVEL_ZERO,
    likelihoodEps: LEVEL_ZERO,
    priorStd: sigmas.at(-1) ?? Number.NaN,
    driftCoefficient: () => 0,
    diffusion: (t) => sigma(t) * Math.sqrt(2 * logSigma.slope(t)),
    marginal: (t) => ({ mean: 1, std: sigma(t) }),
    timeOfSigma: (level) => logSigma.inverse(Math.log(level)),
  };
}
