/** How the step of an adaptive solver follows its error. */
export interface StepSizeOptions {
  /** The method's order. */
  readonly order: number;
  /** "i": by the last error alone. "pi": by the last two, which is calmer where the error is near the stiff limit. */
  readonly controller: "i" | "pi";
}

/** The share of the optimal step that is taken, and the bounds on how much a step may change. */
const SAFETY = 0.9;
const SMALLEST = 0.2;
const LARGEST = 10;

/** The PI controller's exponents, over the order. */
const PROPORTIONAL = 0.4;
const INTEGRAL = 0.3;

/** The step size of one trajectory. */
export interface StepSize {
  /**
   * @param error scaled norm of the step's error: accepted where at most 1; NaN counts as too large
   * @returns whether the step is accepted, and the factor to the next one
   */
  next(error: number): { readonly accepted: boolean; readonly factor: number };
}

/**
 * Step size control: after a rejection the next step does not grow.
 *
 * @see Hairer, Norsett and Wanner 1993, section II.4; Hairer and Wanner 1996, section IV.2 for "pi".
 */
export function stepSize({ order, controller }: StepSizeOptions): StepSize {
  let rejected = false;
  let previous = 1;
  return {
    next(error) {
      const accepted = error <= 1;
      const plain = SAFETY * error ** (-1 / order);
      const calm =
        SAFETY * error ** (-(INTEGRAL + PROPORTIONAL) / order) * previous ** (PROPORTIONAL / order);
      const wanted = controller === "pi" && accepted ? calm : plain;
      const largest = rejected || !accepted ? 1 : LARGEST;
      const factor = Number.isNaN(wanted)
        ? SMALLEST
        : Math.min(largest, Math.max(SMALLEST, error === 0 ? LARGEST : wanted));
      rejected = !accepted;
      if (accepted) previous = Math.max(error, 1e-4);
      return { accepted, factor };
    },
  };
}
