import type { FitRange } from "../instruction.ts";
import type { RegisterAccess } from "../kernels.ts";
import { TRANSFORMS } from "./transform.ts";

/** Halvings of an interval of shifts: more than float32 values can tell apart. */
const HALVINGS = 60;

/** Runs the instruction `fit-range`. */
export function fitRange(instruction: FitRange, registers: RegisterAccess): void {
  const { transform, shape, low, high } = instruction;
  const x = registers.read(instruction.x);
  const known = registers.read(instruction.known);
  const mask = registers.read(instruction.mask);
  const result = registers.write(instruction.out);
  if (result !== x) result.set(x);
  const { starts, offsets } = TRANSFORMS[transform].groups(shape);
  const group = new Float64Array(offsets.length);
  const scale = Math.sqrt(offsets.length);
  for (const start of starts) {
    if (mask[start] === 0) continue;
    for (let i = 0; i < group.length; i++) group[i] = result[start + offsets[i]!]!;
    if (group.every((value) => value >= low && value <= high)) continue;
    const shift = shiftTo(known[start]! / scale, group, low, high);
    for (let i = 0; i < group.length; i++) {
      result[start + offsets[i]!] = clip(group[i]! + shift, low, high);
    }
  }
}

function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/**
 * The shift s for which clip(values + s) has a mean, which is clipped itself. The mean rises with s, from low to high.
 */
function shiftTo(mean: number, values: Float64Array, low: number, high: number): number {
  const total = values.length * clip(mean, low, high);
  let [below, above] = [low - Math.max(...values), high - Math.min(...values)];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = 0.5 * (below + above);
    let sum = 0;
    for (const value of values) sum += clip(value + middle, low, high);
    if (sum < total) below = middle;
    else above = middle;
  }
  return 0.5 * (below + above);
}
