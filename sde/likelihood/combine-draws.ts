/** An estimate of log p of one image, in nats. */
export interface LogLikelihoodEstimate {
  readonly logLikelihood: number;
  /** Of `logLikelihood`; 0 where there was one draw and one probe, so that nothing is known of it. */
  readonly standardError: number;
}

/**
 * Joins the log densities of one image's dequantisation draws, each with probes of its own.
 *
 * Plain: the mean over draws of the mean over probes, the bound E log p(x + u) that is quoted as bits per dimension. The
 * means of the draws are independent and each carries the error of its own probes, so that their scatter holds both
 * errors: the standard error is s / sqrt(n), s^2 their sample variance over n draws.
 *
 * Importance-weighted: log (1/n) sum_d exp L_d, L_d the mean over probes, which rises with n from that bound towards
 * log E p(x + u), the log probability of the image's cell. By the delta method its standard error is s / (w sqrt(n)), w
 * and s the mean and sample deviation of the exp L_d. The error of the probes goes through the exponential: it raises
 * the mean by half its variance, so take the probes many or exact.
 *
 * With one draw, both are the mean over its probes, and the standard error is that of the probes alone.
 *
 * @param logDensities [draw][probe], in nats; at least one of each
 * @throws RangeError where there is no draw, or a draw without a probe
 * @see Burda, Grosse and Salakhutdinov 2016, for the weighted bound.
 */
export function combineDraws(
  logDensities: readonly (readonly number[])[],
  { importanceWeighted }: { readonly importanceWeighted: boolean },
): LogLikelihoodEstimate {
  const [first] = logDensities;
  if (first === undefined || logDensities.some((probes) => probes.length === 0)) {
    throw new RangeError("a log-likelihood needs a draw at least, and a probe in each draw");
  }
  if (logDensities.length === 1) {
    return { logLikelihood: mean(first), standardError: standardError(first) };
  }
  const draws = logDensities.map(mean);
  if (!importanceWeighted) {
    return { logLikelihood: mean(draws), standardError: standardError(draws) };
  }
  const largest = Math.max(...draws);
  const weights = draws.map((value) => Math.exp(value - largest));
  return {
    logLikelihood: largest + Math.log(mean(weights)),
    standardError: standardError(weights) / mean(weights),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the mean of independent values; 0 where there is one. */
function standardError(values: readonly number[]): number {
  const count = values.length;
  if (count === 1) return 0;
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (count - 1) / count);
}
