import type { RowScheduler } from "../../server/engine/batches.ts";
import type { Row } from "../../server/engine/row.ts";
import type { Choice, LaneOptions, Readiness } from "../../server/engine/scheduler.ts";

interface Ready {
  readonly row: Row;
  readonly lane: string;
  readonly places: number;
}

/**
 * NOT how scorestream works: what it is measured against. Servers that know nothing of a diffusion step batch requests: when
 * the device is free they take the oldest request and those in the queue that could be one call of the same
 * pipeline (same model, sampler, steps and kind of condition), up to the largest batch, and run them to their end before
 * anything else (Triton's dynamic batcher without a delay, a Python loop behind a queue). A previews' callback is
 * granted to them, as such pipelines have one.
 *
 * It stands in the engine's place for a scheduler, so that the worker, the front ends, the sizes of batches and everything
 * else are the same.
 */
export class RequestLevelScheduler implements RowScheduler {
  readonly #lanes = new Map<string, { limit: number }>();
  /** Rows that no group has taken, in order of arrival. */
  readonly #queue = new Map<Row, Ready>();
  /** Rows of the requests that run, and those of them that are ready for their next step. */
  readonly #group = new Set<Row>();
  readonly #ready = new Map<Row, Ready>();
  readonly #maxRequests: number;
  #away: Choice<Row> | undefined;

  /** @param maxRequests that may share a batch: 1 is one at a time */
  constructor(maxRequests: number = Number.POSITIVE_INFINITY) {
    this.#maxRequests = maxRequests;
  }

  open(name: string, { limit }: LaneOptions): void {
    this.#lanes.set(name, { limit });
  }

  close(name: string): void {
    this.#lanes.delete(name);
  }

  limit(lane: string): number {
    return this.#lanes.get(lane)?.limit ?? 1;
  }

  setLimit(lane: string, limit: number): void {
    this.#lanes.set(lane, { limit });
  }

  add(lane: string, row: Row, { places = 1 }: Readiness = {}): void {
    const ready = { row, lane, places };
    if (this.#group.has(row)) this.#ready.set(row, ready);
    else this.#queue.set(row, ready);
  }

  remove(_lane: string, row: Row): boolean {
    this.#group.delete(row);
    return this.#ready.delete(row) || this.#queue.delete(row);
  }

  next(): Choice<Row> | undefined {
    if (this.#away !== undefined) return undefined;
    if (this.#ready.size === 0) this.#form();
    const [first] = this.#ready.values();
    if (first === undefined) return undefined;
    const rows: Row[] = [];
    let places = 0;
    for (const ready of this.#ready.values()) {
      if (places > 0 && places + ready.places > this.limit(first.lane)) break;
      places += ready.places;
      rows.push(ready.row);
      this.#ready.delete(ready.row);
    }
    this.#away = { lane: first.lane, rows };
    return this.#away;
  }

  back(choice: Choice<Row>): void {
    this.#away = undefined;
    // Those that go on have been added again.
    for (const row of choice.rows) if (!this.#ready.has(row)) this.#group.delete(row);
  }

  /** Takes the oldest request, and those that could be one call with it. */
  #form(): void {
    let call: string | undefined;
    let places = 0;
    const jobs = new Set<Row["job"]>();
    for (const ready of this.#queue.values()) {
      const { job } = ready.row;
      call ??= callOf(ready);
      if (callOf(ready) !== call) continue;
      const known = jobs.has(job);
      if (!known && jobs.size >= this.#maxRequests) continue;
      const whole = ready.places * job.rows.length;
      if (!known && jobs.size > 0 && places + whole > this.limit(ready.lane)) break;
      if (!known) places += whole;
      jobs.add(job);
      this.#queue.delete(ready.row);
      this.#group.add(ready.row);
      this.#ready.set(ready.row, ready);
    }
  }
}

/** Requests of the same call can share a batch from beginning to end. */
function callOf({ lane, row }: Ready): string {
  const { used } = row.job.spec;
  const settings = JSON.stringify(used.sampler, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return `${lane} ${row.program.registers.length} ${row.spec.inputs.length} ${settings}`;
}
