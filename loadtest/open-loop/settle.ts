import { median } from "../machine.ts";
import { trendOf } from "../trend.ts";
import type { Settle } from "./scenario.ts";
import type { Second } from "./second.ts";

/** Whether a run's figures have settled, or the sentence that says why they have not. */
export type Settled =
  | { readonly settled: true }
  | { readonly settled: false; readonly why: string };

interface Window {
  readonly completed: number;
  readonly medianMs: number;
}

/** A backlog that grows by less than this share of what is completed is not told from one that stays. */
const GROWTH = 0.05;

/**
 * How fast the jobs in flight must come back to their line: n (1 - r) of n seconds whose neighbours' residuals correlate by r.
 * A backlog that wanders, as that of a server does which gets as much as it can do or more, has more than 29.5 in one of a
 * hundred runs (Dickey and Fuller 1979; Fuller 1976, table 8.5.1, with a trend), however long they are.
 */
const REVERSION = 50;

const UNCERTAIN =
  "whether the server can do what comes takes a longer run to tell, or a lower load";

/**
 * Settled means that over the last windows the completions and their median time were the same, within the asked share of
 * their mean or within what chance does to a Poisson count (two standard deviations); and that the jobs in flight, over all
 * seconds or over the later half, neither grow nor wander.
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
  const half = seconds.slice(-Math.max(needed * windowS, Math.ceil(seconds.length / 2)));
  const stays = backlog(seconds);
  return stays.settled ? stays : backlog(half).settled ? { settled: true } : stays;
}

/** Whether the jobs in flight stay about where they are. */
function backlog(seconds: readonly Second[]): Settled {
  const n = seconds.length;
  const { slope, error, correlation } = trendOf(
    seconds.map(({ second, inFlight }) => [second, inFlight] as const),
  );
  const perSecond = seconds.reduce((sum, { completed }) => sum + completed, 0) / n;
  const grows = `the jobs in flight grew by ${slope.toFixed(2)} +- ${error.toFixed(2)} a second, to ${seconds.at(-1)?.inFlight}`;
  if (slope > 2 * error) return no(`${grows}: more came than the server could do`);
  if (slope + 2 * error > GROWTH * perSecond) return no(`${grows}: ${UNCERTAIN}`);
  if (n * (1 - correlation) < REVERSION) {
    return no(
      `the jobs in flight have not come back to where they were often enough: ${UNCERTAIN}`,
    );
  }
  return { settled: true };
}

function windowOf(seconds: readonly Second[]): Window {
  const totals = seconds.flatMap(({ totalsMs }) => totalsMs);
  return {
    completed: totals.length,
    medianMs: totals.length === 0 ? 0 : median(totals),
  };
}

function no(why: string): Settled {
  return { settled: false, why };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
