import { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import type { Observer, SimulatedJob } from "./simulated-device.ts";
import { type Ended, Simulation } from "./simulation.ts";
import { type ArrivingJob, arrivals } from "./workload.ts";

/** A batch that has run. */
export interface BatchRecord {
  readonly endMs: number;
  readonly stepMs: number;
  readonly places: number;
  readonly limit: number;
  /** It has failed: its steps run again. */
  readonly fails: boolean;
  /** Places by tenant. */
  readonly tenants: ReadonlyMap<string, number>;
}

/** A run and all that happened in it. */
export interface Outcome extends Ended {
  /** Every job that was not refused. */
  readonly jobs: readonly SimulatedJob[];
  readonly refused: readonly ArrivingJob[];
  /** Of the jobs, those that were cancelled before they ended. */
  readonly cancelled: readonly SimulatedJob[];
  readonly batches: readonly BatchRecord[];
}

/**
 * The jobs of a scenario through the real scheduler, on a simulated clock. The seed determines everything.
 *
 * @param arriving other jobs than the scenario's sources send, in order of arrival
 */
export function simulate(
  scenario: Scenario,
  seed: number,
  arriving?: Iterable<ArrivingJob>,
): Outcome {
  const jobs: SimulatedJob[] = [];
  const refused: ArrivingJob[] = [];
  const cancelled: SimulatedJob[] = [];
  const batches: BatchRecord[] = [];
  const ended = observe(scenario, seed, arriving, {
    refused: (job) => refused.push(job),
    admitted: (job) => jobs.push(job),
    cancelled: (job) => cancelled.push(job),
    batch: ({ choice, device, endMs, stepMs, fails }) => {
      const tenants = new Map<string, number>();
      for (const { job } of choice.rows) {
        tenants.set(job.tenant, (tenants.get(job.tenant) ?? 0) + 1);
      }
      const limit = device.costs.get(choice.rows[0]?.job.model ?? "")?.limit ?? 1;
      batches.push({ endMs, stepMs, places: choice.rows.length, limit, fails, tenants });
    },
  });
  return { ...ended, jobs, refused, cancelled, batches };
}

/** The same with nothing remembered but what the observer remembers. */
export function observe(
  scenario: Scenario,
  seed: number,
  arriving: Iterable<ArrivingJob> | undefined,
  observer: Observer,
): Ended {
  const jobs = arriving ?? arrivals(scenario.sources, scenario.endMs, seed);
  return new Simulation(scenario, new Random(seed, scenario.sources.length), observer).run(jobs);
}

/** Device time by tenant between two times, in ms. */
export function deviceTime(
  { batches }: Pick<Outcome, "batches">,
  fromMs: number,
  untilMs: number,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const { endMs, stepMs, places, tenants } of batches) {
    if (endMs < fromMs || endMs > untilMs) continue;
    for (const [tenant, mine] of tenants) {
      times.set(tenant, (times.get(tenant) ?? 0) + (stepMs * mine) / places);
    }
  }
  return times;
}
