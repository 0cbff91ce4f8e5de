import { machine } from "../machine.ts";
import type { Measure, Summary } from "./latencies.ts";
import { secondsOfPlan } from "./plan.ts";
import type { Outcome } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";
import type { Settled } from "./settle.ts";
import { COMPLETED, Tally, UNSENT } from "./tally.ts";

/** What became of one task's jobs, or of all. Times in ms. */
export interface TaskReport {
  readonly name: string;
  /** Jobs that the plan had after the warm-up. */
  readonly planned: number;
  readonly unsent: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Share of the judged jobs that completed within their goal; null where none was judged. */
  readonly goodput: number | null;
  readonly judged: number;
  readonly latencies: Readonly<Record<Measure, Summary>>;
}

/** A second of the run, for charts. */
export interface Moment {
  readonly second: number;
  readonly scheduled: number;
  readonly completed: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly results: number;
  readonly images: number;
  readonly evaluations: number;
}

/** A run's figures: what `--json` writes. */
export interface Report {
  readonly scenario: string;
  readonly description: string;
  readonly seed: number;
  readonly date: string;
  readonly machine: string;
  readonly processes: number;
  /** Seconds of sending that count, without the warm-up, and those that the plan had. */
  readonly countedS: number;
  readonly plannedS: number;
  readonly warmupS: number;
  /** Null where the scenario doesn't ask. */
  readonly settled: Settled | null;
  /** Of the seconds that count, whenever the jobs were scheduled. */
  readonly perSecond: {
    readonly jobs: number;
    /** Pictures, latents and likelihoods. */
    readonly results: number;
    readonly images: number;
    readonly evaluations: number;
  };
  readonly all: TaskReport;
  readonly tasks: readonly TaskReport[];
  readonly moments: readonly Moment[];
}

/** @param date of the run, ISO 8601 */
export function reportOf(scenario: Scenario, outcome: Outcome, date: string): Report {
  const { tallies, seconds, sentS, settled } = outcome;
  const all = new Tally();
  for (const tally of tallies) all.add(tally);
  const counting = seconds.filter(
    ({ second }) => second >= Math.ceil(scenario.warmupS) && second < sentS,
  );
  const rate = (key: "completed" | "results" | "images" | "evaluations"): number =>
    counting.length === 0
      ? 0
      : counting.reduce((sum, second) => sum + second[key], 0) / counting.length;
  return {
    scenario: scenario.name,
    description: scenario.description,
    seed: scenario.seed,
    date,
    machine: machine(),
    processes: scenario.processes,
    countedS: counting.length,
    plannedS: secondsOfPlan(scenario),
    warmupS: scenario.warmupS,
    settled: settled ?? null,
    perSecond: {
      jobs: rate("completed"),
      results: rate("results"),
      images: rate("images"),
      evaluations: rate("evaluations"),
    },
    all: taskReport("all", all),
    tasks: tallies.map((tally, i) => taskReport(scenario.tasks[i]?.name ?? "", tally)),
    moments: seconds.map(({ totalsMs: _, ...moment }) => moment),
  };
}

function taskReport(name: string, tally: Tally): TaskReport {
  const outcomes = [...tally.outcomes].sort(([a], [b]) => rank(a) - rank(b));
  return {
    name,
    planned: outcomes.reduce((sum, [, jobs]) => sum + jobs, 0),
    unsent: tally.outcomes.get(UNSENT) ?? 0,
    outcomes: Object.fromEntries(outcomes),
    goodput: tally.judged === 0 ? null : tally.good / tally.judged,
    judged: tally.judged,
    latencies: tally.latencies.summaries(),
  };
}

/** Completed first, then whatever else happened. */
function rank(outcome: string): number {
  return outcome === COMPLETED ? 0 : 1;
}
