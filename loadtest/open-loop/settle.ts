import { median } from "../machine.ts";
import type { Settle } from "./scenario.ts";
import type { Second } from "./second.ts";

/** Whether a run's figures have settled, or the sentence that says why they have not. */
export type Settled =
  | { readonly settled: true }
  | { readonly settled: false; readonly why: string };

interface Window {
  readonly completed: number;
  readonly medianMs: number;
  readonly inFlight: number;
}

/**
 * Settled means that over the last windows the completions, their median time and the jobs in flight were the same: within
 * the asked share of their mean, or within what chance does to a Poisson count (two standard deviations).
 *
 * @param seconds those that count, in order: after the warm-up and of the last phase alone
 */
export function hasSettled(seconds: readonly Second[], settle: Settle): Settled {
  const { windowS, windows: needed, within } = settle;
  const all = Math.floor(seconds.length / windowS);
  if (all < needed)
    return no(`it ran for ${all} windows of ${windowS} s, of the ${needed} that must agree`);
  const windows = Array.from({ length: needed }, (_, i) => {
    const end = seconds.length - (needed - 1 - i) * windowS;
    return windowOf(seconds.slice(end - windowS, end));
  });
  const counts = windows.map(({ completed }) => completed);
  if (counts.includes(0)) return no("a window had no job that completed");
  const [first, last] = [windows[0]?.inFlight ?? 0, windows.at(-1)?.inFlight ?? 0];
  const slack = Math.max(within * Math.max(first, 1), 2 * Math.sqrt(first + last));
  if (last > first + slack) {
    return no(
      `the jobs in flight grew from ${first} to ${last}: more came than the server could do`,
    );
  }
  const mean = meanOf(counts);
  const apart = Math.max(...counts.map((count) => Math.abs(count - mean)));
  if (apart > Math.max(within * mean, 2 * Math.sqrt(mean))) {
    return no(
      `jobs completed in a window went from ${Math.min(...counts)} to ${Math.max(...counts)}`,
    );
  }
  const medians = windows.map(({ medianMs }) => medianMs);
  const middle = meanOf(medians);
  // The median of n values strays by about 1.25 / sqrt(n) of their spread, which is about their mean here.
  const chance = (2.5 * middle) / Math.sqrt(mean);
  if (
    Math.max(...medians.map((value) => Math.abs(value - middle))) >
    Math.max(within * middle, chance)
  ) {
    const [least, most] = [Math.min(...medians), Math.max(...medians)].map((ms) => ms.toFixed(0));
    return no(`the median total of a window went from ${least} to ${most} ms`);
  }
  return { settled: true };
}

function windowOf(seconds: readonly Second[]): Window {
  const totals = seconds.flatMap(({ totalsMs }) => totalsMs);
  return {
    completed: totals.length,
    medianMs: totals.length === 0 ? 0 : median(totals),
    inFlight: seconds.at(-1)?.inFlight ?? 0,
  };
}

function no(why: string): Settled {
  return { settled: false, why };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
