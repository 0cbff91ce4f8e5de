/** Coefficients of the data predictions in a UniPC update, newest first. */
export interface UnipcWeights {
  /** Of D_0 .. D_{p-1}: the predictions at the start of the step and before. */
  readonly history: readonly number[];
  /** Of the prediction at the end of the step; only in the corrector. */
  readonly end: number;
}

/** One step of UniPC in log(mean / std): from s to t with h = l_t - l_s. */
export interface UnipcStep {
  readonly h: number;
  /** (l_{s-k} - l_s) / h of the predictions before the start of the step: negative, newest first. */
  readonly ratios: readonly number[];
}

/**
 * phi_k h^k B^-1 k! for k = 1 .. n: the right side of UniPC's order conditions, with B(h) = e^-h - 1 ("bh2").
 *
 * @see Zhao et al. 2023, "UniPC", appendix; data prediction.
 */
function conditions(h: number, n: number): number[] {
  const b: number[] = [];
  const base = Math.expm1(-h);
  let phi = base / -h - 1;
  let factorial = 1;
  for (let k = 1; k <= n; k++) {
    b.push((phi * factorial) / base);
    factorial *= k + 1;
    phi = phi / -h - 1 / factorial;
  }
  return b;
}

/** Solves the Vandermonde system sum_j r_j^(i) x_j = b_i, i = 0 .. n-1, of n <= 3 unknowns by elimination. */
function solveVandermonde(r: readonly number[], b: readonly number[]): number[] {
  const n = r.length;
  const rows = b.slice(0, n).map((value, i) => [...r.map((ratio) => ratio ** i), value]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.NaN;
  for (let pivot = 0; pivot < n; pivot++) {
    for (let i = 0; i < n; i++) {
      if (i === pivot) continue;
      const factor = at(i, pivot) / at(pivot, pivot);
      rows[i] = rows[i]?.map((value, j) => value - factor * at(pivot, j)) ?? [];
    }
  }
  return rows.map((_, i) => at(i, n) / at(i, i));
}

/** Weights of the differences (D_k - D_0) / r_k as weights of the D themselves. */
function spread(h: number, ratios: readonly number[], rhos: readonly number[]): number[] {
  const base = Math.expm1(-h);
  const weights = ratios.map((ratio, k) => (-base * (rhos[k] ?? 0)) / ratio);
  return [-base - weights.reduce((sum, weight) => sum + weight, 0), ...weights];
}

/**
 * UniP: the step's weights, to be multiplied by mean(t); the state's is std(t) / std(s).
 *
 * @returns weights of D_0, D_1, ... for order 1 + ratios.length
 */
export function unipcPredictor({ h, ratios }: UnipcStep): UnipcWeights {
  const rhos = ratios.length === 1 ? [0.5] : solveVandermonde(ratios, conditions(h, ratios.length));
  return { history: spread(h, ratios, rhos), end: 0 };
}

/**
 * UniC: the same step once the prediction at its end is known, one order higher, without a further evaluation.
 *
 * @returns weights of D_0, D_1, ... and of the prediction at the end
 */
export function unipcCorrector({ h, ratios }: UnipcStep): UnipcWeights {
  const all = [...ratios, 1];
  const rhos = all.length === 1 ? [0.5] : solveVandermonde(all, conditions(h, all.length));
  const [first = 0, ...rest] = spread(h, all, rhos);
  return { history: [first, ...rest.slice(0, -1)], end: rest.at(-1) ?? 0 };
}
