import type { Priority } from "./device-schedule.ts";
import { type Flow, type Holder, isDue, share } from "./flow.ts";
import { FlowRegisters } from "./flow-registers.ts";
import type { StepCost } from "./forming-batch.ts";

/** Rows that are alike: what one job has running, or waiting for registers. */
export interface RowGroup {
  readonly lane: string;
  readonly tenant: string;
  readonly priority: Priority;
  readonly rows: number;
  /** Places that each takes. */
  readonly places: number;
  /** Evaluations that each still needs. */
  readonly evaluations: number;
  readonly deadlineMs?: number | undefined;
  /** Each evaluation by itself. */
  readonly alone?: boolean;
  /** Without registers. */
  readonly waiting?: boolean;
}

export interface PredictionContext {
  readonly nowMs: number;
  /** The lanes of the job's device; groups of other lanes are left out. */
  readonly lanes: ReadonlyMap<string, StepCost>;
  /** Rows that have registers at once, at most. */
  readonly maxActiveRows: number;
  readonly weightOf?: (tenant: string) => number;
}

export interface Prediction {
  /** When all rows of the job have registers or, at least, the first ones. */
  readonly startMs: number;
  /** When its last row ends, most likely. */
  readonly finishMs: number;
  /** The deadline that can be promised: later by what the prediction may be wrong. */
  readonly promiseMs: number;
  /** Rows of others whose own deadline could then no longer be promised. */
  readonly missed: number;
}

/**
 * A prediction may be wrong by this share of the time until then, and by so many of the longest steps. Always so for
 * interactive work where registers suffice; in nine of ten cases where they don't, or where batch work has only what
 * interactive work leaves.
 */
export const ERROR_SHARE = 0.15;
export const ERROR_STEPS = 4;

/** Rows without a deadline count as one group where what they still need is within this factor. */
const ALIKE = 1.1;
const LOG_ALIKE = Math.log(ALIKE);

/** Of which rows count as alike by what they still need. */
export function alikeLevel(evaluations: number): number {
  return Math.round(Math.log(evaluations) / LOG_ALIKE);
}

/** More places than a row takes: labels of a request. */
const MOST_PLACES = 2 ** 20;

/** Groups that end within this share of the time to the next end count as ending together. */
const TOGETHER = 0.01;

/**
 * When a job would end that came now, if nothing else came after it: the scheduler as a fluid. Time goes in cycles, in
 * which a row runs at most once; a cycle's device time is shared out as the scheduler does in the long run (class, deadline,
 * weight), and the shares hold until a group ends. Deadlines count as at risk from the start, so `finishMs` of a job with
 * a deadline is what could be met.
 *
 * Pure. Costs O(g^2), where g counts groups with a deadline and, of the others, kinds of alike ones. Against the simulated
 * scheduler it is right to ERROR_SHARE and ERROR_STEPS (loadtest/simulate/predict-finish.test.ts).
 */
export function predictFinishMs(
  backlog: readonly RowGroup[],
  job: RowGroup,
  context: PredictionContext,
): Prediction {
  const { nowMs, lanes, maxActiveRows, weightOf = () => 1 } = context;
  const registers = new FlowRegisters(maxActiveRows, weightOf);
  const flows = (groups: readonly RowGroup[], ours: boolean): Flow[] =>
    groups.flatMap((group) => {
      const cost = lanes.get(group.lane);
      if (cost === undefined || group.rows === 0 || group.evaluations <= 0) return [];
      const { rows, evaluations: left } = group;
      const holder = registers.holderOf(group);
      return [{ group, cost, ours, holder, order: 0, rows, left, cycleMs: 0, rate: 0 }];
    });
  const all = [...alike(flows(backlog, false)), ...flows([job], true)];
  const longestMs = Math.max(0, ...[...lanes.values()].map((cost) => cost.stepMs(cost.limit)));
  const interactive = all.some(({ group }) => group.priority === "interactive");
  const promise = (endMs: number, { priority, evaluations }: RowGroup): number => {
    // Batch work that only gets its share gets it in whole batches: an evaluation may come one later than on average.
    const steps = ERROR_STEPS + (priority === "batch" && interactive ? evaluations : 0);
    return endMs + ERROR_SHARE * (endMs - nowMs) + steps * longestMs;
  };
  let running = all.filter(({ group, ours }) => !group.waiting && !ours);
  for (const [order, flow] of all.entries()) {
    flow.order = order;
    if (flow.group.waiting || flow.ours) registers.await(flow);
  }
  let timeMs = nowMs;
  let startMs: number | undefined;
  let finishMs = nowMs;
  let missed = 0;
  for (const flow of running) registers.hold(flow);
  while (running.length > 0 || registers.waiting > 0) {
    let given = timeMs === nowMs;
    for (const flow of registers.give()) {
      if (flow.ours) startMs ??= timeMs;
      running.push(flow);
      given = true;
    }
    if (running.length === 0) break;
    // The earliest deadline first: what follows takes them in order.
    if (given) running.sort(byDeadline);
    const cycleMs = share(running);
    const spanMs = (flow: Flow): number => (flow.left / flow.rate) * cycleMs;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const flow of running) nextMs = Math.min(nextMs, spanMs(flow));
    const ended = new Set(running.filter((flow) => spanMs(flow) <= nextMs * (1 + TOGETHER)));
    for (const flow of ended) {
      const endMs = timeMs + spanMs(flow);
      registers.release(flow);
      if (flow.ours) finishMs = Math.max(finishMs, endMs);
      else if (promise(endMs, flow.group) > (flow.group.deadlineMs ?? Number.POSITIVE_INFINITY)) {
        missed += flow.rows;
      }
    }
    running = running.filter((flow) => !ended.has(flow));
    for (const flow of running) flow.left -= (nextMs / cycleMs) * flow.rate;
    timeMs += nextMs;
    const oursRun = registers.oursWaits || running.some(({ ours }) => ours);
    if (!oursRun && !registers.dueWait && !running.some(isDue)) break;
  }
  return { startMs: startMs ?? nowMs, finishMs, promiseMs: promise(finishMs, job), missed };
}

function byDeadline(a: Flow, b: Flow): number {
  return (a.group.deadlineMs ?? Number.MAX_VALUE) - (b.group.deadlineMs ?? Number.MAX_VALUE);
}

/** Groups without a deadline that are alike, as one. */
function alike(flows: readonly Flow[]): Flow[] {
  const kinds = new Map<Holder, Map<StepCost, Map<number, Flow>>>();
  const others: Flow[] = [];
  const merged: Flow[] = [];
  for (const flow of flows) {
    if (isDue(flow)) {
      others.push(flow);
      continue;
    }
    const { group, holder, cost, left } = flow;
    const company = 2 * Number(group.alone ?? false) + Number(group.waiting ?? false);
    const key = 4 * (group.places + MOST_PLACES * alikeLevel(left)) + company;
    const ofHolder = kinds.get(holder) ?? new Map<StepCost, Map<number, Flow>>();
    const ofLane = ofHolder.get(cost) ?? new Map<number, Flow>();
    const known = ofLane.get(key);
    if (known === undefined) {
      kinds.set(holder, ofHolder.set(cost, ofLane.set(key, flow)));
      merged.push(flow);
    } else {
      const rows = known.rows + flow.rows;
      known.left = (known.rows * known.left + flow.rows * flow.left) / rows;
      known.rows = rows;
    }
  }
  return [...others, ...merged];
}
