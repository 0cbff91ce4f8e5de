import {
  BATCH_SHARE,
  BATCHES_AHEAD,
  FAIR_SHARE,
  PRIORITIES,
  type Priority,
} from "./device-schedule.ts";
import type { StepCost } from "./forming-batch.ts";
import type { RowGroup } from "./predict-finish.ts";

/** A tenant of one class, by what registers it holds. */
export interface Holder {
  readonly priority: Priority;
  readonly weight: number;
  held: number;
  /** Those of its flows that wait, the first at `next`. */
  readonly waiting: Flow[];
  next: number;
  /** What it needs in a cycle, in ms, and the part of it that it gets. */
  needMs: number;
  part: number;
}

/** Rows that are alike, as a part of the fluid. */
export interface Flow {
  readonly group: RowGroup;
  readonly cost: StepCost;
  readonly ours: boolean;
  /** Of its tenant in its class. */
  readonly holder: Holder;
  /** Place among all flows. */
  order: number;
  rows: number;
  /** Evaluations left of each row. */
  left: number;
  /** Device time that one evaluation of every row takes, in ms. */
  cycleMs: number;
  /** The part of it that it gets in a cycle, 0 to 1. */
  rate: number;
}

export function isDue({ group }: Flow): boolean {
  return group.deadlineMs !== undefined;
}

/** Sets every flow's rate; the earliest deadline is to come first. @returns the length of a cycle, in ms */
export function share(flows: readonly Flow[]): number {
  const cycleMs = measureCycle(flows);
  let freeMs = cycleMs;
  for (const priority of PRIORITIES) {
    const mine = flows.filter(({ group }) => group.priority === priority);
    const others = flows.length - mine.length;
    const reserved = priority === "interactive" && others > 0 ? BATCH_SHARE * cycleMs : 0;
    freeMs -= shareClass(mine, Math.max(0, freeMs - reserved));
  }
  // A share that one class leaves goes to the other; nobody stands still for ever.
  for (const flow of flows) flow.rate = Math.max(flow.rate, 1e-6);
  return cycleMs;
}

/** Time in which every row could run once, were its lane not full; sets what each flow needs for that. */
function measureCycle(flows: readonly Flow[]): number {
  let cycleMs = 0;
  const lanes = new Map<StepCost, Flow[]>();
  for (const flow of flows) {
    const known = lanes.get(flow.cost);
    if (known === undefined) lanes.set(flow.cost, [flow]);
    else known.push(flow);
  }
  for (const [cost, mine] of lanes) {
    const together = mine.filter(({ group }) => !group.alone);
    const places = together.reduce((sum, { rows, group }) => sum + rows * group.places, 0);
    if (places > 0) {
      // A batch waits behind the one that runs where there are rows for two: then a row is in every other batch.
      const batches = places >= BATCHES_AHEAD * cost.limit && lanes.size === 1 ? BATCHES_AHEAD : 1;
      const size = Math.min(cost.limit, places / batches);
      const stepMs = cost.stepMs(size);
      cycleMs += batches * stepMs;
      for (const flow of together) flow.cycleMs = (flow.rows * flow.group.places * stepMs) / size;
    }
    let aloneRows = 0;
    let aloneMs = 0;
    for (const flow of mine.filter(({ group }) => group.alone)) {
      const stepMs = cost.stepMs(flow.group.places);
      flow.cycleMs = flow.rows * stepMs;
      aloneRows += flow.rows;
      aloneMs = Math.max(aloneMs, stepMs);
    }
    cycleMs += Math.min(BATCHES_AHEAD, aloneRows) * aloneMs;
  }
  return cycleMs;
}

/** Shares time out among one class. @returns what it takes of it */
function shareClass(flows: readonly Flow[], freeMs: number): number {
  const due = flows.filter(isDue);
  let urgentMs = due.length < flows.length ? (1 - FAIR_SHARE) * freeMs : freeMs;
  let leftMs = freeMs;
  for (const flow of flows) flow.rate = 0;
  for (const flow of due) {
    const ms = Math.min(flow.cycleMs, urgentMs);
    flow.rate = ms / flow.cycleMs;
    urgentMs -= ms;
    leftMs -= ms;
  }
  return freeMs - leftMs + fill(flows, leftMs);
}

/** Water filling: each tenant gets time in proportion to its weight, up to what it needs. @returns what was given */
function fill(flows: readonly Flow[], freeMs: number): number {
  const holders = new Set<Holder>();
  for (const { holder } of flows) {
    holder.needMs = 0;
    holders.add(holder);
  }
  for (const { holder, cycleMs, rate } of flows) holder.needMs += cycleMs * (1 - rate);
  const byLevel = [...holders].sort((a, b) => a.needMs / a.weight - b.needMs / b.weight);
  let weights = byLevel.reduce((sum, { weight }) => sum + weight, 0);
  let leftMs = freeMs;
  for (const holder of byLevel) {
    const { needMs, weight } = holder;
    const given = Math.min(needMs, (leftMs * weight) / weights);
    holder.part = needMs === 0 ? 0 : given / needMs;
    leftMs -= given;
    weights -= weight;
  }
  for (const flow of flows) flow.rate += (1 - flow.rate) * flow.holder.part;
  return freeMs - leftMs;
}
