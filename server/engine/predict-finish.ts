import type { Priority } from "./device-schedule.ts";
import { Flow, type Holder, isDue } from "./flow.ts";
import { FlowRegisters } from "./flow-registers.ts";
import { Fluid } from "./fluid.ts";
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

/**
 * When a job would end that came now, if nothing else came after it: the scheduler as a fluid (see Fluid). Deadlines count as
 * at risk from the start, so `finishMs` of a job with a deadline is what could be met.
 *
 * Pure. Costs O(g (t + log g)), where g counts groups with a deadline and, of the others, kinds of alike ones, and t tenants
 * that have registers at once. Against the simulated scheduler it is right to ERROR_SHARE and ERROR_STEPS
 * (loadtest/simulate/predict-finish.test.ts).
 */
export function predictFinishMs(
  backlog: readonly RowGroup[],
  job: RowGroup,
  context: PredictionContext,
): Prediction {
  const { nowMs, lanes, maxActiveRows, weightOf = () => 1 } = context;
  const registers = new FlowRegisters(maxActiveRows, weightOf);
  const flowsOf = (groups: readonly RowGroup[], ours: boolean): Flow[] => {
    const flows: Flow[] = [];
    for (const group of groups) {
      const cost = lanes.get(group.lane);
      if (cost === undefined || group.rows === 0 || group.evaluations <= 0) continue;
      flows.push(new Flow(group, cost, registers.holderOf(group), ours));
    }
    return flows;
  };
  const all = [...alike(flowsOf(backlog, false)), ...flowsOf([job], true)];
  const longestMs = Math.max(0, ...[...lanes.values()].map((cost) => cost.stepMs(cost.limit)));
  const interactive = all.some(({ group }) => group.priority === "interactive");
  const promise = (endMs: number, { priority, evaluations }: RowGroup): number => {
    // Batch work that only gets its share gets it in whole batches: an evaluation may come one later than on average.
    const steps = ERROR_STEPS + (priority === "batch" && interactive ? evaluations : 0);
    return endMs + ERROR_SHARE * (endMs - nowMs) + steps * longestMs;
  };
  const fluid = new Fluid();
  for (const [order, flow] of all.entries()) {
    flow.order = order;
    if (flow.group.waiting || flow.ours) registers.await(flow);
    else {
      registers.hold(flow);
      fluid.add(flow);
    }
  }
  let timeMs = nowMs;
  let startMs: number | undefined;
  let finishMs = nowMs;
  let missed = 0;
  while (fluid.size > 0 || registers.waiting > 0) {
    for (const flow of registers.give()) {
      if (flow.ours) startMs ??= timeMs;
      fluid.add(flow);
    }
    if (fluid.size === 0) break;
    const { ms, ended } = fluid.advance(timeMs - nowMs);
    for (const { flow, spanMs } of ended) {
      const endMs = timeMs + spanMs;
      registers.release(flow);
      if (flow.ours) finishMs = Math.max(finishMs, endMs);
      else if (promise(endMs, flow.group) > (flow.group.deadlineMs ?? Number.POSITIVE_INFINITY)) {
        missed += flow.rows;
      }
    }
    timeMs += ms;
    const oursRun = registers.oursWaits || fluid.ours > 0;
    if (!oursRun && !registers.dueWait && fluid.due === 0) break;
  }
  return { startMs: startMs ?? nowMs, finishMs, promiseMs: promise(finishMs, job), missed };
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
