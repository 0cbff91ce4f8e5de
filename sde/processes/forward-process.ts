/** The forward processes by family: what discretises like which. */
export type ForwardProcessKind = "ve" | "vp" | "subvp";

/** Mean coefficient and standard deviation of p(x_t | x_0) = N(mean x_0, std^2 I). */
export interface Marginal {
  readonly mean: number;
  readonly std: number;
}

/**
 * A forward SDE dx = a(t) x dt + g(t) dw on t in [0, T], whose drift is linear in x.
 *
 * Pure: every method depends on its argument alone. All numbers are float64.
 *
 * @see Song et al. 2021, section 3.4 and appendix B.
 */
export interface ForwardProcess {
  readonly kind: ForwardProcessKind;
  /** N, where the network was trained at the N noise levels t = k T / (N - 1) alone. */
  readonly levels?: number;
  /** T, where the marginal is (nearly) the prior. */
  readonly endTime: number;
  /** How a sampler spaces its times unless it is told otherwise: evenly in t, save where t is sigma itself. */
  readonly timeGrid: "uniform" | "karras";
  /** Where reverse time stops when sampling, unless a request says otherwise. */
  readonly samplingEps: number;
  /** Where forward time starts when encoding or computing a likelihood. */
  readonly likelihoodEps: number;
  /** The prior is N(0, priorStd^2 I). */
  readonly priorStd: number;
  /** a(t) of the drift f(x, t) = a(t) x. */
  driftCoefficient(t: number): number;
  /** g(t). */
  diffusion(t: number): number;
  /** Mean coefficient and standard deviation of p(x_t | x_0), t in [0, T]. */
  marginal(t: number): Marginal;
  /** The t at which std / mean is `sigma`, > 0: the inverse that time grids in sigma need. */
  timeOfSigma(sigma: number): number;
}

/** sigma = std / mean at t, the noise level beside data of unit mean coefficient. */
export function sigmaAt(process: ForwardProcess, t: number): number {
  const { mean, std } = process.marginal(t);
  return std / mean;
}

/**
 * log N(z; 0, priorStd^2 I) in nats.
 *
 * @param squaredNorm |z|^2
 * @param dims number of elements of z
 */
export function priorLogDensity(
  process: ForwardProcess,
  squaredNorm: number,
  dims: number,
): number {
  const variance = process.priorStd ** 2;
  return -0.5 * dims * Math.log(2 * Math.PI * variance) - squaredNorm / (2 * variance);
}
