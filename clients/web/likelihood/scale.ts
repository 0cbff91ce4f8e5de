/** An axis from `low` to `high` with its ticks, whose numbers are round. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Digits after the point that tell ticks apart. */
  readonly digits: number;
}

/** Ticks of an axis, about. */
const TICKS = 5;

/** The shortest axis between ticks that has all values on it. @param values finite, at least one */
export function scaleOf(values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = roundStep((most - least || 1) / TICKS);
  // Rounding must not take a value that is a tick to the next one.
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(most / step - 1e-9));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toFixed(digits)),
  );
  return { low: ticks.at(0) ?? least, high: ticks.at(-1) ?? most, ticks, digits };
}

/** Where a value lies, 0 at the low end and 1 at the high one. */
export function placeOn({ low, high }: Scale, value: number): number {
  return (value - low) / (high - low);
}

/** The least of 1, 2 and 5 times a power of ten that is not below. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}
