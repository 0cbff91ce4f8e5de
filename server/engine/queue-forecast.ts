import { BATCH_SHARE, PRIORITIES, type Priority } from "./device-schedule.ts";
import type { StepCost } from "./forming-batch.ts";
import { Heap, type HeapItem } from "./heap.ts";
import type { WaitingRows } from "./waiting-rows.ts";

/** What a row takes until it ends. */
export interface RowNeed {
  readonly priority: Priority;
  /** Of its lane. */
  readonly cost: StepCost;
  /** Places in a batch. */
  readonly places: number;
  /** Each evaluation by itself. */
  readonly alone: boolean;
  /** Evaluations left. */
  readonly evaluations: number;
  /** Of the slab. */
  readonly elements: number;
}

export interface ForecastContext<Row> {
  readonly nowMs: number;
  /** Is used up. */
  readonly waiting: WaitingRows<Row>;
  /** Rows that have registers. */
  readonly active: Iterable<Row>;
  needOf(row: Row): RowNeed;
  /** Elements of the slab that are free. */
  readonly freeElements: number;
}

/** When a row that waits begins and ends. */
export interface RowForecast<Row> {
  readonly row: Row;
  readonly startMs: number;
  readonly endMs: number;
}

/** Rows further back are not forecast: they wait for long, and what is said of them would be worth little. */
export const MOST_ROWS = 16_384;

/**
 * When each row that waits would begin and end, in the order in which they begin, if nothing else came: places are given
 * out by the rules themselves (`waiting`), and come free as rows end. Of a class, all rows are taken to advance alike, at one
 * evaluation a cycle, as long as their lanes' batches take; batch work has its share of the device beside interactive work.
 *
 * Pure. O(log n) for each row that is forecast, MOST_ROWS at most, and the lanes; copying `waiting` is O(n).
 */
export function queueForecast<Row>(context: ForecastContext<Row>): RowForecast<Row>[] {
  const { nowMs, waiting, active, needOf } = context;
  const classes = { interactive: new Advance<Row>(), batch: new Advance<Row>() };
  const started = new Map<Row, number>();
  const ended = new Map<Row, number>();
  let timeMs = nowMs;
  let free = context.freeElements;
  const begin = (row: Row): void => {
    const need = needOf(row);
    classes[need.priority].add(row, need);
  };
  for (const row of active) begin(row);
  for (;;) {
    for (let row = waiting.first; row !== undefined; row = waiting.first) {
      if (started.size === MOST_ROWS) break;
      const { elements } = needOf(row);
      if (elements > free) break;
      free -= elements;
      waiting.hold(row);
      started.set(row, timeMs);
      begin(row);
    }
    const bothRun = PRIORITIES.every((priority) => classes[priority].size > 0);
    const shareOf = (priority: Priority): number => {
      if (!bothRun) return 1;
      return priority === "batch" ? BATCH_SHARE : 1 - BATCH_SHARE;
    };
    const nextMs = Math.min(...PRIORITIES.map((one) => classes[one].nextMs / shareOf(one)));
    if (nextMs === Number.POSITIVE_INFINITY) break;
    timeMs += nextMs;
    for (const priority of PRIORITIES) {
      for (const { row, need } of classes[priority].advance(nextMs * shareOf(priority))) {
        free += need.elements;
        waiting.release(row);
        ended.set(row, timeMs);
      }
    }
  }
  return [...started].map(([row, startMs]) => ({ row, startMs, endMs: ended.get(row) ?? startMs }));
}

/** A row that runs; its key is the class's count of cycles when it ends. */
interface Running<Row> extends HeapItem {
  readonly row: Row;
  readonly need: RowNeed;
}

/** Ends within so many cycles of one another are one: float64's own errors. */
const TOGETHER_CYCLES = 1e-6;

/** The rows of one class that run, each an evaluation a cycle. */
class Advance<Row> {
  readonly #heap = new Heap<Running<Row>>();
  readonly #places = new Map<StepCost, number>();
  #aloneMs = 0;
  /** Evaluations that a row which was there from the beginning has done. */
  #cycles = 0;
  #order = 0;

  get size(): number {
    return this.#heap.size;
  }

  add(row: Row, need: RowNeed): void {
    const key = this.#cycles + need.evaluations;
    this.#heap.add({ row, need, key, order: this.#order++, place: -1 });
    this.#count(need, 1);
  }

  /** Device time until the next row ends; Infinity where none runs. */
  get nextMs(): number {
    const { first } = this.#heap;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, first.key - this.#cycles) * this.#cycleMs;
  }

  /** Takes so much device time. @returns the rows that end by it */
  advance(ms: number): Running<Row>[] {
    const ended: Running<Row>[] = [];
    if (this.size === 0) return ended;
    this.#cycles += ms / this.#cycleMs;
    for (let { first } = this.#heap; first !== undefined; { first } = this.#heap) {
      if (first.key > this.#cycles + TOGETHER_CYCLES) break;
      this.#heap.remove(first);
      this.#count(first.need, -1);
      ended.push(first);
    }
    return ended;
  }

  #count({ cost, places, alone }: RowNeed, by: 1 | -1): void {
    if (alone) this.#aloneMs += by * cost.stepMs(places);
    else this.#places.set(cost, (this.#places.get(cost) ?? 0) + by * places);
  }

  /** Device time in which every row runs once. */
  get #cycleMs(): number {
    let ms = Math.max(0, this.#aloneMs);
    for (const [cost, places] of this.#places) {
      const size = Math.min(cost.limit, places);
      if (size > 0) ms += (places * cost.stepMs(size)) / size;
    }
    return ms;
  }
}
