import { BATCHES_AHEAD } from "./device-schedule.ts";
import { type Flow, unitsOf } from "./flow.ts";
import type { StepCost } from "./forming-batch.ts";

/** Rows that run alone and take so many places. */
interface Alone {
  readonly column: number;
  readonly stepMs: number;
  rows: number;
}

interface FluidLane {
  readonly cost: StepCost;
  /** Of the rows that share batches. */
  readonly column: number;
  flows: number;
  places: number;
  aloneRows: number;
  readonly alone: Map<number, Alone>;
}

/**
 * What a cycle takes, in which every row runs once, were its lane not full. Rows that cost the same are one column: those of a
 * lane that share batches, at a price a place, and those that run alone, at a price a row. What a flow, or many, take of a cycle
 * is a sum over columns, of whole numbers times prices: adding and taking away leaves no errors.
 */
export class FluidLanes {
  readonly #lanes = new Map<StepCost, FluidLane>();
  /** Device time of a unit of each column, in ms. */
  readonly #prices: number[] = [];
  #running = 0;

  /** A flow begins to run. */
  add(flow: Flow): void {
    const { cost, group } = flow;
    let lane = this.#lanes.get(cost);
    if (lane === undefined) {
      const column = this.#prices.push(0) - 1;
      lane = { cost, column, flows: 0, places: 0, aloneRows: 0, alone: new Map() };
      this.#lanes.set(cost, lane);
    }
    if (group.alone && !lane.alone.has(group.places)) {
      const stepMs = cost.stepMs(group.places);
      lane.alone.set(group.places, { column: this.#prices.push(stepMs) - 1, stepMs, rows: 0 });
    }
    const alone = group.alone ? lane.alone.get(group.places) : undefined;
    flow.column = alone?.column ?? lane.column;
    this.#count(flow, lane, 1);
  }

  /** It has ended. */
  remove(flow: Flow): void {
    const lane = this.#lanes.get(flow.cost);
    if (lane !== undefined) this.#count(flow, lane, -1);
  }

  #count(flow: Flow, lane: FluidLane, by: 1 | -1): void {
    if (lane.flows === 0) this.#running++;
    lane.flows += by;
    if (lane.flows === 0) this.#running--;
    const units = by * unitsOf(flow);
    if (!flow.group.alone) {
      lane.places += units;
      return;
    }
    lane.aloneRows += units;
    const alike = lane.alone.get(flow.group.places);
    if (alike !== undefined) alike.rows += units;
  }

  /** Sets the prices. @returns the length of a cycle, in ms */
  cycle(): number {
    let cycleMs = 0;
    for (const { cost, column, places, aloneRows, alone } of this.#lanes.values()) {
      if (places > 0) {
        // A batch waits behind the one that runs where there are rows for two: then a row is in every other batch.
        const two = places >= BATCHES_AHEAD * cost.limit && this.#running === 1;
        const batches = two ? BATCHES_AHEAD : 1;
        const size = Math.min(cost.limit, places / batches);
        const stepMs = cost.stepMs(size);
        cycleMs += batches * stepMs;
        this.#prices[column] = stepMs / size;
      }
      let aloneMs = 0;
      for (const { rows, stepMs } of alone.values()) {
        if (rows > 0) aloneMs = Math.max(aloneMs, stepMs);
      }
      cycleMs += Math.min(BATCHES_AHEAD, aloneRows) * aloneMs;
    }
    return cycleMs;
  }

  /** What a flow takes in a cycle, in ms. */
  flowMs(flow: Flow): number {
    return unitsOf(flow) * (this.#prices[flow.column] ?? 0);
  }

  /** What so many units of each column take in a cycle, in ms. */
  ms(load: readonly number[]): number {
    let ms = 0;
    for (let i = 0; i < load.length; i++) ms += (load[i] ?? 0) * (this.#prices[i] ?? 0);
    return ms;
  }
}
