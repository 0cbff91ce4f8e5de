import { cpus } from "node:os";

/** What a benchmark's figures were measured on. */
export function machine(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model.trim() ?? "unknown CPU"}, Node ${process.versions.node}`;
}

/** @throws RangeError where there are no values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError("no values to take a median of");
  return middle;
}
