import { Random } from "../simulate/random.ts";
import type { Phase, Scenario } from "./scenario.ts";

/** One job that is to be sent. */
export interface Arrival {
  /** 0, 1, 2, ... */
  readonly index: number;
  /** When it is scheduled, in ms from the start. */
  readonly atMs: number;
  /** Its place in the scenario's tasks. */
  readonly task: number;
  /** The fraction of the way at which its caller cancels it; undefined: never. */
  readonly cancelAt: number | undefined;
  /** Its caller reads slowly. */
  readonly slow: boolean;
  /** It comes after the warm-up. */
  readonly counted: boolean;
}

/**
 * All arrivals of a scenario in order of time: a pure function of the scenario, whose seed decides everything. Every
 * process of the generator makes the same plan and sends its own share of it.
 */
export function* planOf(scenario: Scenario): Generator<Arrival, void, undefined> {
  const random = new Random(scenario.seed);
  const marks = new Random(scenario.seed + 0x5eed);
  let index = 0;
  let startMs = 0;
  for (const [i, phase] of scenario.arrivals.entries()) {
    for (const { seconds, task } of secondsOf(phase, i, scenario, random)) {
      const atMs = startMs + 1000 * seconds;
      const chosen = task ?? chooseTask(scenario, marks);
      const { cancelShare = 0, slowShare = 0 } = scenario.tasks[chosen] ?? {};
      // Drawn whether used or not, so that a share changes nothing but whom it concerns.
      const [cancels, cancelAt, slow] = [marks.uniform(), marks.uniform(), marks.uniform()];
      yield {
        index: index++,
        atMs,
        task: chosen,
        cancelAt: cancels < cancelShare ? cancelAt : undefined,
        slow: slow < slowShare,
        counted: atMs >= 1000 * scenario.warmupS,
      };
    }
    startMs += 1000 * lengthOf(phase, i, scenario);
  }
}

/** How long all phases take, in s. */
export function secondsOfPlan(scenario: Scenario): number {
  return scenario.arrivals.reduce((sum, phase, i) => sum + lengthOf(phase, i, scenario), 0);
}

/** When the last phase begins, in s. */
export function lastPhaseStart(scenario: Scenario): number {
  const last = scenario.arrivals.length - 1;
  const phase = scenario.arrivals[last];
  return secondsOfPlan(scenario) - (phase === undefined ? 0 : lengthOf(phase, last, scenario));
}

function lengthOf(phase: Phase, i: number, { traces }: Scenario): number {
  if (phase.process !== "replay") return phase.seconds;
  return (traces.get(i)?.at(-1)?.seconds ?? 0) / phase.speed;
}

/** Times of arrival within a phase, in s, ascending; of a replay, with their tasks. */
function* secondsOf(
  phase: Phase,
  i: number,
  { traces, tasks }: Scenario,
  random: Random,
): Generator<{ readonly seconds: number; readonly task?: number | undefined }> {
  if (phase.process === "replay") {
    for (const { seconds, task } of traces.get(i) ?? []) {
      const place = tasks.findIndex(({ name }) => name === task);
      yield { seconds: seconds / phase.speed, task: place < 0 ? undefined : place };
    }
    return;
  }
  let at = 0;
  for (;;) {
    at = next(phase, at, random);
    if (!(at < phase.seconds)) return;
    yield { seconds: at };
  }
}

/** The arrival after the one at `at`, in s. */
function next(phase: Exclude<Phase, { process: "replay" }>, at: number, random: Random): number {
  switch (phase.process) {
    case "poisson":
      return at + random.exponential(1 / phase.rate);
    case "gamma":
      return at + gamma(phase.shape, random) / (phase.shape * phase.rate);
    case "ramp":
      return onRamp(phase, at, random.exponential(1));
  }
}

/**
 * Where the ramp's cumulative rate from t = 0, from t + (to - from) t^2 / (2 seconds), has grown by `more`: a Poisson
 * process of a changing rate is one of rate 1 on that scale (Cinlar 1975, chapter 4).
 */
function onRamp(
  { from, to, seconds }: { from: number; to: number; seconds: number },
  at: number,
  more: number,
): number {
  const slope = (to - from) / seconds;
  const rate = from + slope * at;
  if (Math.abs(slope) < 1e-12) return rate > 0 ? at + more / rate : Number.POSITIVE_INFINITY;
  const square = rate * rate + 2 * slope * more;
  return square < 0 ? Number.POSITIVE_INFINITY : at + (Math.sqrt(square) - rate) / slope;
}

/** A gamma variate of scale 1 (Marsaglia and Tsang 2000, "A simple method for generating gamma variables"). */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * random.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(random.uniform()) < x * x * 0.5 + d - d * v + d * Math.log(v))
      return d * v;
  }
}

function chooseTask({ tasks }: Scenario, random: Random): number {
  const all = tasks.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.uniform() * all;
  const found = tasks.findIndex(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? tasks.length - 1 : found;
}
