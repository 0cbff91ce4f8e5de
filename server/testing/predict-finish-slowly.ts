import {
  BATCH_SHARE,
  BATCHES_AHEAD,
  FAIR_SHARE,
  PRIORITIES,
  type Priority,
} from "../engine/device-schedule.ts";
import type { StepCost } from "../engine/forming-batch.ts";
import {
  ERROR_SHARE,
  ERROR_STEPS,
  type Prediction,
  type PredictionContext,
  type RowGroup,
} from "../engine/predict-finish.ts";
import { batchPlaces, batchPlacesFirst } from "../engine/waiting-rows.ts";

const ALIKE = 1.1;
const TOGETHER = 0.01;
const PARTS = 16;

interface Flow {
  readonly group: RowGroup;
  readonly cost: StepCost;
  readonly ours: boolean;
  /** Class, lane, tenant and company: what merges with it. */
  readonly kind: string;
  rows: number;
  /** Evaluations left of each row. */
  left: number;
  /** Device time that one evaluation of every row takes, in ms. */
  cycleMs: number;
  /** The part of it that it gets in a cycle, 0 to 1. */
  rate: number;
}

/** `predictFinishMs` written plainly, with lists and strings where it has counts: what it must agree with. */
export function predictFinishSlowly(
  backlog: readonly RowGroup[],
  job: RowGroup,
  context: PredictionContext,
): Prediction {
  const { nowMs, lanes, maxActiveRows, weightOf = () => 1 } = context;
  const flows = (groups: readonly RowGroup[], ours: boolean): Flow[] =>
    groups.flatMap((group) => {
      const cost = lanes.get(group.lane);
      if (cost === undefined || group.rows === 0 || group.evaluations <= 0) return [];
      const { rows, evaluations: left, lane, tenant, priority, places, alone } = group;
      const kind = `${lane}\n${tenant}\n${priority}\n${places}\n${alone}\n${group.waiting}`;
      return [{ group, cost, ours, kind, rows, left, cycleMs: 0, rate: 0 }];
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
  const waiting = all.filter(({ group, ours }) => group.waiting || ours);
  const registers = new Registers(maxActiveRows, weightOf);
  let timeMs = nowMs;
  let startMs: number | undefined;
  let finishMs = nowMs;
  let missed = 0;
  for (const flow of running) registers.hold(flow);
  while (running.length > 0 || waiting.length > 0) {
    for (const flow of registers.give(waiting)) {
      if (flow.ours) startMs ??= timeMs;
      running.push(flow);
    }
    if (running.length === 0) break;
    const cycleMs = share(running, weightOf);
    const spanMs = (flow: Flow): number => (flow.left / flow.rate) * cycleMs;
    const nextMs = Math.min(...running.map(spanMs));
    const togetherMs = nextMs + TOGETHER * (timeMs - nowMs + nextMs);
    const ended = new Set(running.filter((flow) => spanMs(flow) <= togetherMs));
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
    const oursRun = running.some(({ ours }) => ours) || waiting.some(({ ours }) => ours);
    const othersDue = [...running, ...waiting].some(({ group }) => group.deadlineMs !== undefined);
    if (!oursRun && !othersDue) break;
  }
  return { startMs: startMs ?? nowMs, finishMs, promiseMs: promise(finishMs, job), missed };
}

/** Groups without a deadline that are alike, as one. */
function alike(flows: readonly Flow[]): Flow[] {
  const kinds = new Map<string, Flow>();
  const others: Flow[] = [];
  for (const flow of flows) {
    if (flow.group.deadlineMs !== undefined) {
      others.push(flow);
      continue;
    }
    const key = `${flow.kind}\n${Math.round(Math.log(flow.left) / Math.log(ALIKE))}`;
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, flow);
    else {
      const rows = known.rows + flow.rows;
      known.left = (known.rows * known.left + flow.rows * flow.left) / rows;
      known.rows = rows;
    }
  }
  return [...others, ...kinds.values()];
}

/** Who has registers; given to the higher class, then to whom holds the fewest for his weight. */
class Registers {
  readonly #held = new Map<string, number>();
  readonly #weightOf: (tenant: string) => number;
  readonly #part: number;
  #free: number;
  #freeOfBatch: number;
  readonly #batchPlaces: number;
  readonly #batchFirst: number;

  constructor(places: number, weightOf: (tenant: string) => number) {
    this.#free = places;
    this.#batchPlaces = batchPlaces(places);
    this.#freeOfBatch = this.#batchPlaces;
    this.#batchFirst = batchPlacesFirst(places);
    this.#part = Math.ceil(places / PARTS);
    this.#weightOf = weightOf;
  }

  hold(flow: Flow): void {
    this.#change(flow, flow.rows);
  }

  release(flow: Flow): void {
    this.#change(flow, -flow.rows);
  }

  /** Takes out of those that wait what gets registers now. */
  give(waiting: Flow[]): Flow[] {
    const given: Flow[] = [];
    for (;;) {
      const next = waiting.reduce<Flow | undefined>((best, flow) => {
        if (this.#freeFor(flow) <= 0) return best;
        return best === undefined || this.#before(flow, best) ? flow : best;
      }, undefined);
      if (next === undefined) break;
      const rows = Math.min(next.rows, this.#freeFor(next), this.#part);
      const part = { ...next, rows };
      next.rows -= rows;
      if (next.rows === 0) waiting.splice(waiting.indexOf(next), 1);
      this.hold(part);
      given.push(part);
    }
    return merged(given);
  }

  #change({ group: { tenant, priority } }: Flow, rows: number): void {
    this.#free -= rows;
    if (priority === "batch") this.#freeOfBatch -= rows;
    this.#held.set(key(tenant, priority), (this.#held.get(key(tenant, priority)) ?? 0) + rows);
  }

  #freeFor({ group }: Flow): number {
    return group.priority === "batch" ? Math.min(this.#free, this.#freeOfBatch) : this.#free;
  }

  #heldBy({ group }: Flow): number {
    return this.#held.get(key(group.tenant, group.priority)) ?? 0;
  }

  #before(a: Flow, b: Flow): boolean {
    if (a.group.priority !== b.group.priority) {
      const batchFirst = this.#batchPlaces - this.#freeOfBatch < this.#batchFirst;
      return (a.group.priority === "batch") === batchFirst;
    }
    const level = (flow: Flow) => this.#heldBy(flow) / this.#weightOf(flow.group.tenant);
    return level(a) < level(b);
  }
}

function key(tenant: string, priority: Priority): string {
  return `${priority}\n${tenant}`;
}

/** Parts of one group that start together are one again. */
function merged(flows: readonly Flow[]): Flow[] {
  const byGroup = new Map<RowGroup, Flow>();
  for (const flow of flows) {
    const known = byGroup.get(flow.group);
    if (known === undefined) byGroup.set(flow.group, flow);
    else known.rows += flow.rows;
  }
  return [...byGroup.values()];
}

/** Sets every flow's rate. @returns the length of a cycle, in ms */
function share(flows: readonly Flow[], weightOf: (tenant: string) => number): number {
  const cycleMs = measureCycle(flows);
  let freeMs = cycleMs;
  for (const priority of PRIORITIES) {
    const mine = flows.filter(({ group }) => group.priority === priority);
    const others = flows.length - mine.length;
    const reserved = priority === "interactive" && others > 0 ? BATCH_SHARE * cycleMs : 0;
    freeMs -= shareClass(mine, Math.max(0, freeMs - reserved), weightOf);
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
function shareClass(
  flows: readonly Flow[],
  freeMs: number,
  weightOf: (tenant: string) => number,
): number {
  const due = flows.filter(({ group }) => group.deadlineMs !== undefined);
  due.sort((a, b) => (a.group.deadlineMs ?? 0) - (b.group.deadlineMs ?? 0));
  let urgentMs = due.length < flows.length ? (1 - FAIR_SHARE) * freeMs : freeMs;
  let leftMs = freeMs;
  for (const flow of flows) flow.rate = 0;
  for (const flow of due) {
    const ms = Math.min(flow.cycleMs, urgentMs);
    flow.rate = ms / flow.cycleMs;
    urgentMs -= ms;
    leftMs -= ms;
  }
  return freeMs - leftMs + fill(flows, leftMs, weightOf);
}

/** Water filling: each tenant gets time in proportion to its weight, up to what it needs. @returns what was given */
function fill(
  flows: readonly Flow[],
  freeMs: number,
  weightOf: (tenant: string) => number,
): number {
  const needs = new Map<string, number>();
  const need = ({ cycleMs, rate }: Flow): number => cycleMs * (1 - rate);
  for (const flow of flows) {
    const { tenant } = flow.group;
    needs.set(tenant, (needs.get(tenant) ?? 0) + need(flow));
  }
  const byLevel = [...needs]
    .map(([tenant, ms]) => ({ tenant, ms, weight: weightOf(tenant) }))
    .sort((a, b) => a.ms / a.weight - b.ms / b.weight);
  let weights = byLevel.reduce((sum, { weight }) => sum + weight, 0);
  let leftMs = freeMs;
  const parts = new Map<string, number>();
  for (const { tenant, ms, weight } of byLevel) {
    const given = Math.min(ms, (leftMs * weight) / weights);
    parts.set(tenant, ms === 0 ? 0 : given / ms);
    leftMs -= given;
    weights -= weight;
  }
  for (const flow of flows) {
    flow.rate += (1 - flow.rate) * (parts.get(flow.group.tenant) ?? 0);
  }
  return freeMs - leftMs;
}
