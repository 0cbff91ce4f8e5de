import { Heap, type HeapItem } from "../../server/engine/heap.ts";
import { type DeviceModel, drawStepMs } from "./device-model.ts";
import type { Random } from "./random.ts";
import type { ArrivingJob } from "./workload.ts";

/** How a server that batches requests is set up. */
export interface RequestBatchingOptions {
  readonly devices: readonly DeviceModel[];
  /** A batch that is not full is run once its first request has waited so long, in ms. */
  readonly maxDelayMs: number;
  /** Of batches that may run, which is first: a full one, or the one that has waited longest. */
  readonly first: "full" | "oldest";
}

/** When a job was served. */
export interface Served {
  readonly job: ArrivingJob;
  /** The end of its first step: what can be previewed. */
  readonly firstStepMs: number;
  readonly endMs: number;
}

interface Pending {
  readonly job: ArrivingJob;
  /** Rows that have not been put into a batch. */
  waiting: number;
  unfinished: number;
  firstStepMs: number | undefined;
  /** Its deadline could not be met any more when it would have run. */
  expired: boolean;
}

interface Event extends HeapItem {
  run(): void;
}

/** Requests that may share a batch, in order of arrival. */
interface Queue {
  readonly evaluations: number;
  readonly pending: Pending[];
  /** Of those that wait. */
  rows: number;
}

/**
 * The rival: a server that batches requests, as general inference servers do today, on simulated devices. Requests of equal
 * model, sampler, number of evaluations and class of priority share a batch; a device that is free takes a batch that is full
 * or has waited for the longest allowed time, and runs it to its end before it takes another.
 *
 * Where such servers differ it does what is best for it: all devices take from one queue; the rows of a request may be split
 * over batches; interactive requests go first; every step gives previews; a request whose deadline can't be met any more is dropped without running.
 */
export class RequestBatching {
  readonly #options: RequestBatchingOptions;
  readonly #random: Random;
  readonly #queues = new Map<string, Queue>();
  readonly #free: DeviceModel[];
  readonly #events = new Heap<Event>();
  readonly #served: Served[] = [];
  #order = 0;
  #nowMs = 0;
  /** When the devices look again whether a batch has waited long enough. */
  #alarmMs = Number.POSITIVE_INFINITY;

  constructor(options: RequestBatchingOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#free = [...options.devices];
  }

  /** @param arriving jobs in order of arrival. @returns the jobs that were served to the end */
  run(arriving: Iterable<ArrivingJob>): Served[] {
    const jobs = arriving[Symbol.iterator]();
    let job = jobs.next();
    for (;;) {
      const event = this.#events.first;
      if (!job.done && (event === undefined || job.value.atMs <= event.key)) {
        this.#nowMs = job.value.atMs;
        this.#add(job.value);
        job = jobs.next();
      } else if (event === undefined) break;
      else {
        this.#events.remove(event);
        this.#nowMs = event.key;
        event.run();
      }
      this.#start();
    }
    return this.#served;
  }

  #add(job: ArrivingJob): void {
    const { model, sampler = "", evaluations, priority, rows } = job;
    const key = `${priority}/${model}/${sampler}/${evaluations}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { evaluations, pending: [], rows: 0 };
      this.#queues.set(key, queue);
    }
    const state = { waiting: rows, unfinished: rows, firstStepMs: undefined, expired: false };
    queue.pending.push({ job, ...state });
    queue.rows += rows;
  }

  /** Gives batches to devices that are free. */
  #start(): void {
    for (;;) {
      const [device] = this.#free;
      if (device === undefined) return;
      for (const queue of this.#queues.values()) this.#expire(queue, device);
      const queue = this.#next(device);
      if (queue === undefined) return;
      this.#free.shift();
      this.#launch(device, queue);
    }
  }

  /** Drops what can't be done in time any more, even alone. */
  #expire(queue: Queue, device: DeviceModel): void {
    const kept = queue.pending.filter((request) => {
      const { deadlineMs = Number.POSITIVE_INFINITY } = request.job;
      const aloneMs = queue.evaluations * device.stepMs(1);
      if (this.#nowMs + aloneMs <= deadlineMs) return true;
      queue.rows -= request.waiting;
      request.expired = true;
      return false;
    });
    if (kept.length < queue.pending.length) queue.pending.splice(0, queue.pending.length, ...kept);
  }

  /** The higher class first, then full batches where that is asked for, then the oldest request; none where all may wait. */
  #next({ limit }: DeviceModel): Queue | undefined {
    let best: { queue: Queue; rank: number; atMs: number } | undefined;
    let alarmMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) {
      const [first] = queue.pending;
      if (first === undefined) continue;
      const { atMs, priority } = first.job;
      const full = queue.rows >= limit;
      const dueMs = atMs + this.#options.maxDelayMs;
      if (!full && dueMs > this.#nowMs) {
        alarmMs = Math.min(alarmMs, dueMs);
        continue;
      }
      const preferred = full || this.#options.first === "oldest";
      const rank = (priority === "interactive" ? 0 : 2) + (preferred ? 0 : 1);
      if (best === undefined || rank < best.rank || (rank === best.rank && atMs < best.atMs)) {
        best = { queue, rank, atMs };
      }
    }
    if (best === undefined && alarmMs < this.#alarmMs) {
      this.#alarmMs = alarmMs;
      this.#at(alarmMs, () => {
        this.#alarmMs = Number.POSITIVE_INFINITY;
      });
    }
    return best?.queue;
  }

  /** Runs one batch to its end. */
  #launch(device: DeviceModel, queue: Queue): void {
    const members = new Map<Pending, number>();
    let places = 0;
    while (places < device.limit && queue.pending[0] !== undefined) {
      const [request] = queue.pending;
      const rows = Math.min(request.waiting, device.limit - places);
      members.set(request, rows);
      places += rows;
      request.waiting -= rows;
      queue.rows -= rows;
      if (request.waiting === 0) queue.pending.shift();
    }
    let endMs = this.#nowMs;
    const model = members.keys().next().value?.job.model ?? "";
    for (let step = 0; step < queue.evaluations; step++) {
      endMs += drawStepMs(device, model, places, this.#random);
      if (step > 0) continue;
      for (const request of members.keys()) request.firstStepMs ??= endMs;
    }
    this.#at(endMs, () => {
      this.#free.push(device);
      for (const [request, rows] of members) this.#end(request, rows, endMs);
    });
  }

  #end(request: Pending, rows: number, endMs: number): void {
    request.unfinished -= rows;
    const { job, unfinished, firstStepMs, expired } = request;
    if (unfinished > 0 || expired || firstStepMs === undefined) return;
    this.#served.push({ job, firstStepMs, endMs });
  }

  #at(key: number, run: () => void): void {
    this.#events.add({ key, order: this.#order++, place: -1, run });
  }
}
