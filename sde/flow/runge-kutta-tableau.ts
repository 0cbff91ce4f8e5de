/**
 * An explicit Runge-Kutta method with an embedded error estimate, as data. Stage i evaluates the slope at
 * x + h sum_j a[i][j] k_j and time t + c[i] h; the step is x + h sum_i b[i] k_i, its error about h sum_i error[i] k_i.
 */
export interface Tableau {
  readonly order: number;
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly c: readonly number[];
  readonly error: readonly number[];
}

/**
 * Dormand-Prince 5(4). First same as last: the last stage is the slope at the end of the step, so that an accepted
 * step hands its last stage to the next one as its first, and each attempt costs six evaluations.
 *
 * @see Dormand and Prince 1980; Hairer, Norsett and Wanner 1993, table II.5.2.
 */
export const DORMAND_PRINCE: Tableau = {
  order: 5,
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  // b less the fourth-order weights.
  error: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40],
};
