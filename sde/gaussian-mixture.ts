import type { Marginal } from "./processes/forward-process.ts";

/**
 * sum_k weights_k N(means_k, stds_k^2 I): a distribution whose score, density and samples are known exactly at every
 * time of every forward process, so the truth that samplers and solvers are tested against.
 */
export interface GaussianMixture {
  /** > 0, adding up to 1. */
  readonly weights: readonly number[];
  /** One vector of D values a component. */
  readonly means: readonly (readonly number[])[];
  /** > 0, one a component. */
  readonly stds: readonly number[];
}

/** @throws RangeError where the parts don't fit together, a weight or std is not > 0, or the weights don't add up to 1. */
export function checkMixture({ weights, means, stds }: GaussianMixture): void {
  const count = weights.length;
  if (count === 0 || means.length !== count || stds.length !== count) {
    throw new RangeError(
      `a mixture needs as many weights as means and stds; seen ${count}, ${means.length}, ${stds.length}`,
    );
  }
  if (means.some((mean) => mean.length !== means[0]?.length)) {
    throw new RangeError("the means of a mixture must have the same number of elements");
  }
  if (![...weights, ...stds].every((value) => value > 0)) {
    throw new RangeError("the weights and stds of a mixture must be > 0");
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) > 1e-9) {
    throw new RangeError(`the weights of a mixture must add up to 1; seen ${total}`);
  }
}

/** The distribution of x_t = mean x_0 + std z where x_0 is from `mixture`: again a mixture, p_t. */
export function diffusedMixture(
  { weights, means, stds }: GaussianMixture,
  marginal: Marginal,
): GaussianMixture {
  return {
    weights,
    means: means.map((mean) => mean.map((value) => marginal.mean * value)),
    stds: stds.map((std) => Math.hypot(marginal.mean * std, marginal.std)),
  };
}

/** log(weights_k N(x; means_k, stds_k^2 I)) of each component, in nats. */
function logTerms({ weights, means, stds }: GaussianMixture, x: ArrayLike<number>): number[] {
  return weights.map((weight, k) => {
    const mean = means[k]!;
    const variance = stds[k]! ** 2;
    let squared = 0;
    for (let i = 0; i < mean.length; i++) squared += (x[i]! - mean[i]!) ** 2;
    const normalizer = 0.5 * mean.length * Math.log(2 * Math.PI * variance);
    return Math.log(weight) - normalizer - squared / (2 * variance);
  });
}

/** log sum exp: the largest term is taken out, so that nothing overflows and not all vanishes. */
function logSumExp(terms: readonly number[]): number {
  const largest = Math.max(...terms);
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0));
}

/** log p(x) in nats. @param x D values */
export function mixtureLogDensity(mixture: GaussianMixture, x: ArrayLike<number>): number {
  return logSumExp(logTerms(mixture, x));
}

/** Probability of each component given x. @param x D values */
export function mixtureResponsibilities(mixture: GaussianMixture, x: ArrayLike<number>): number[] {
  const terms = logTerms(mixture, x);
  const total = logSumExp(terms);
  return terms.map((term) => Math.exp(term - total));
}

/** grad log p(x) = sum_k p(k | x) (means_k - x) / stds_k^2. @param x D values. @returns D values */
export function mixtureScore(mixture: GaussianMixture, x: ArrayLike<number>): Float64Array {
  const score = new Float64Array(x.length);
  mixtureResponsibilities(mixture, x).forEach((responsibility, k) => {
    const mean = mixture.means[k]!;
    const factor = responsibility / mixture.stds[k]! ** 2;
    for (let i = 0; i < score.length; i++) score[i]! += factor * (mean[i]! - x[i]!);
  });
  return score;
}

/**
 * J v of `mixtureScore`, J its derivative. With s_k = (means_k - x) / stds_k^2 and r_k = p(k | x), so that the score is
 * s = sum_k r_k s_k:
 *
 *   J v = sum_k r_k ((s_k - s) . v s_k - v / stds_k^2).
 *
 * @param x D values
 * @param v D values
 * @returns D values
 */
export function mixtureScoreTangent(
  mixture: GaussianMixture,
  x: ArrayLike<number>,
  v: ArrayLike<number>,
): Float64Array {
  const responsibilities = mixtureResponsibilities(mixture, x);
  // s_k . v, and its mean s . v.
  const along = mixture.means.map((mean, k) => {
    const product = mean.reduce((sum, value, i) => sum + (value - x[i]!) * v[i]!, 0);
    return product / mixture.stds[k]! ** 2;
  });
  const center = along.reduce((sum, value, k) => sum + responsibilities[k]! * value, 0);
  const product = new Float64Array(x.length);
  responsibilities.forEach((responsibility, k) => {
    const mean = mixture.means[k]!;
    const factor = responsibility / mixture.stds[k]! ** 2;
    const ofScore = along[k]! - center;
    for (let i = 0; i < product.length; i++) {
      product[i]! += factor * (ofScore * (mean[i]! - x[i]!) - v[i]!);
    }
  });
  return product;
}

/**
 * One exact sample.
 *
 * @param uniform in [0, 1): chooses the component
 * @param normals D independent standard normals
 */
export function mixtureSample(
  { weights, means, stds }: GaussianMixture,
  uniform: number,
  normals: ArrayLike<number>,
): Float64Array {
  let k = 0;
  // The last component takes what rounding leaves of 1.
  for (let rest = uniform; k < weights.length - 1 && rest >= weights[k]!; k++) rest -= weights[k]!;
  return Float64Array.from(means[k]!, (mean, i) => mean + stds[k]! * normals[i]!);
}

/** E[x], D values. */
export function mixtureMean({ weights, means }: GaussianMixture): Float64Array {
  return Float64Array.from(means[0] ?? [], (_, i) =>
    weights.reduce((sum, weight, k) => sum + weight * means[k]![i]!, 0),
  );
}

/** Cov[x], row by row: D x D values. */
export function mixtureCovariance(mixture: GaussianMixture): Float64Array {
  const center = mixtureMean(mixture);
  const dims = center.length;
  const covariance = new Float64Array(dims * dims);
  mixture.weights.forEach((weight, k) => {
    const offset = mixture.means[k]!.map((value, i) => value - center[i]!);
    for (let i = 0; i < dims; i++) {
      for (let j = 0; j < dims; j++) {
        const own = i === j ? mixture.stds[k]! ** 2 : 0;
        covariance[i * dims + j]! += weight * (offset[i]! * offset[j]! + own);
      }
    }
  });
  return covariance;
}
