import { mock } from "node:test";
import type { Program, Steps } from "../../sde/index.ts";
import type { RowStep } from "../../worker/protocol.ts";
import type { Limits, TenantLimits } from "../engine/bounds.ts";
import { PRIORITIES, type Priority } from "../engine/device-schedule.ts";
import { Engine } from "../engine/engine.ts";
import { Fleet } from "../engine/fleet.ts";
import type { Job } from "../engine/job.ts";
import type { JobSpec } from "../engine/job-spec.ts";
import type { Row } from "../engine/row.ts";
import { Slab } from "../engine/slab.ts";
import type { Taken } from "../engine/taken.ts";
import { ServerError } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { type Outcome, ScriptedWorkers } from "./scripted-workers.ts";

export const TENANTS = ["a", "b", "c"] as const;
const MAX_BATCH_ROWS = 4;

/** A step's time by its places, in ms. */
function stepMs(places: number): number {
  return 2 + places;
}

/** A job that is asked for. */
export interface Asked {
  readonly tenant: string;
  readonly priority: Priority;
  readonly rows: number;
  readonly registers: number;
  readonly evaluations: number;
  readonly strict: boolean;
  readonly detached: boolean;
  /** From the submission on. */
  readonly deadlineMs: number | undefined;
}

export type Command =
  | { readonly kind: "submit"; readonly asked: Asked }
  | { readonly kind: "answer"; readonly which: number; readonly outcome: Outcome }
  | { readonly kind: "cancel" | "leave"; readonly which: number }
  | { readonly kind: "cancelImage"; readonly which: number; readonly image: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "device"; readonly out: boolean }
  | { readonly kind: "reload" };

/** How a sequence ends: everything runs on, or is cancelled, or is given a grace that is too short for it. */
export const ENDS: readonly ["finish", "cancel", "drain"] = ["finish", "cancel", "drain"] as const;

function program({ registers, evaluations }: Asked): Program {
  const [first, ...others] = Array.from({ length: registers }, (_, i) => `register${i}`);
  function* steps(): Steps {
    for (let step = 1; step <= evaluations; step++) {
      const evaluate = { graph: "score", input: 0, output: 0, time: 0.5 } as const;
      yield { prepare: [], update: [], evaluate, fraction: step / evaluations };
    }
    return undefined;
  }
  return {
    ...{ registers: [first ?? "", ...others, "preview"], preview: registers, scratch: 0 },
    ...{ inputs: [], result: 0, evaluations, steps },
  };
}

const NOTHING: Taken = { rows: 0, registerBytes: 0, workMs: 0 };

/**
 * An engine under commands, with scripted workers and node:test's timers, and beside it what it must have taken, counted anew
 * from its jobs every time. Throws as soon as it does what it must not.
 */
export class CommandedEngine {
  readonly workers: ScriptedWorkers;
  readonly engine: Engine;
  nowMs = 0;
  #model: Model;
  readonly #limits: Limits;
  readonly #ofTenant: TenantLimits;
  readonly #jobs: Job[] = [];
  /** By seed, which tells a job's rows: how often a batch with one of them has failed. */
  readonly #failures = new Map<bigint, number>();
  readonly #closing: Promise<void>[] = [];
  /** Rows that were cancelled by themselves. */
  readonly #cancelled = new Set<Row>();
  /** What has happened in the engine's own turn and must not. */
  #wrong: string | undefined;

  readonly #codes: Map<string, number>;

  /** @param codes counts how submissions end, by code; "": taken on */
  constructor(model: Model, limits: Limits, ofTenant: TenantLimits, codes: Map<string, number>) {
    this.#codes = codes;
    this.#model = model;
    this.#limits = limits;
    this.#ofTenant = ofTenant;
    this.workers = new ScriptedWorkers(stepMs, ({ rows }) => this.#sent(rows));
    this.engine = new Engine({
      slab: new Slab(8 * this.#registerBytes),
      fleet: new Fleet([this.workers]),
      limits: { ...limits, ofTenant: () => ofTenant },
      retentionMs: 1000,
      maxBatchRows: MAX_BATCH_ROWS,
      maxStepMs: 10_000,
      now: () => this.nowMs,
      observer: { ended: (job, error) => this.#ended(job, error) },
    });
  }

  get #registerBytes(): number {
    const { channels, height, width } = this.#model.shape;
    return 2 * 4 * channels * height * width;
  }

  async open(): Promise<void> {
    await this.engine.open(this.#model);
  }

  async run(command: Command): Promise<void> {
    switch (command.kind) {
      case "submit":
        this.#submit(command.asked);
        break;
      case "answer":
        this.#answer(command.which, command.outcome);
        break;
      case "cancel":
      case "leave": {
        const job = this.#jobs[command.which % this.#jobs.length];
        if (job === undefined) break;
        if (command.kind === "cancel") this.engine.cancel(job);
        else if (job.endedMs === undefined) job.leave(true);
        break;
      }
      case "cancelImage":
        this.#cancelImage(command.which, command.image);
        break;
      case "wait":
        this.wait(command.ms);
        break;
      case "device":
        this.workers.turn(command.out);
        break;
      case "reload":
        await this.#reload();
    }
    this.check();
    await settle();
    this.check();
  }

  wait(ms: number): void {
    this.nowMs += ms;
    mock.timers.tick(ms);
  }

  /** A batch is sent: of no job that has ended, and of no row that is in another one. */
  #sent(rows: readonly RowStep[]): void {
    const away = this.workers.sent.flatMap(({ task }) => task.rows);
    for (const { seed, offset } of rows) {
      const job = this.#jobs[Number(seed)];
      if (job?.endedMs !== undefined) this.#wrong = "a row ran after its job had ended";
      if (away.some((other) => other.offset === offset)) this.#wrong = "a row ran twice at once";
    }
  }

  #cancelImage(which: number, place: number): void {
    const job = this.#jobs[which % this.#jobs.length];
    if (job === undefined) return;
    const image = place % job.images;
    const row = job.rows[image];
    if (this.engine.cancelImages(job, [image]).length > 0 && row !== undefined) {
      this.#cancelled.add(row);
    }
  }

  #answer(place: number, outcome: Outcome): void {
    const task = this.workers.answer(place, outcome);
    for (const { seed } of outcome === "done" ? [] : (task?.rows ?? [])) {
      this.#failures.set(seed, (this.#failures.get(seed) ?? 0) + 1);
    }
  }

  /** Nobody pays for the faults of others: only a job whose own batches have failed may fail of it. */
  #ended({ spec }: Job, error: ServerError | undefined): void {
    const failures = this.#failures.get(spec.seed) ?? 0;
    const least = error?.code === "internal" ? 2 : Number(error?.code === "nonfinite-output");
    if (failures < least) this.#wrong = `a job failed for others: ${error?.message}`;
  }

  /** Another version of the model takes the place of the one there is, which closes when its jobs have ended. */
  async #reload(): Promise<void> {
    const before = this.#model;
    this.#model = { ...before, id: `${before.id}'` };
    await this.open();
    this.#closing.push(this.engine.close(before));
  }

  #submit(asked: Asked): void {
    const { tenant, priority, strict, detached, deadlineMs } = asked;
    const row = { program: program(asked), sample: 0, inputs: [] };
    const spec: JobSpec = {
      ...{ model: this.#model, rows: Array.from({ length: asked.rows }, () => row) },
      seed: BigInt(this.#jobs.length),
      ...{ conditioning: {}, detached, strict, tenant, priority },
      used: { sampler: undefined, likelihood: undefined, classLabel: undefined },
      preview: { everySteps: 0, minIntervalMs: 0, shrinkBy: 1, format: 0 },
      answer: async () => undefined,
      ...(deadlineMs === undefined ? {} : { deadlineMs: this.nowMs + deadlineMs }),
    };
    const expected = this.#refusal(asked);
    let seen = "";
    try {
      this.#jobs.push(this.engine.submit(spec));
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      seen = error.code;
    }
    this.#codes.set(seen, (this.#codes.get(seen) ?? 0) + 1);
    // Where there is room, a deadline may be too early.
    if (seen === "deadline-exceeded" && deadlineMs !== undefined && expected === "") return;
    if (seen !== expected) throw new Error(`expected "${expected}", seen "${seen}"`);
  }

  /** The code with which a job is to be refused for want of room; "": it is not. */
  #refusal(asked: Asked): string {
    if (this.workers.out !== undefined) return "worker-lost";
    const { rows, registers, evaluations, strict, priority, tenant } = asked;
    const registerBytes = rows * registers * this.#registerBytes;
    const workMs = rows * evaluations * evaluationMs(strict);
    const classes = PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1);
    let full = false;
    for (const [limits, of] of this.#bounds([tenant])) {
      const all = this.#taken(of, PRIORITIES);
      if (rows > limits.maxRows || registerBytes > limits.maxRegisterBytes) return "too-large";
      if (all.rows + rows > limits.maxRows) full = true;
      if (all.registerBytes + registerBytes > limits.maxRegisterBytes) full = true;
      const ahead = this.#taken(of, classes).workMs;
      if (ahead > 0 && ahead + workMs > limits.maxBacklogMs) full = true;
    }
    return full ? "queue-full" : "";
  }

  /** Bounds of all tenants together and of each of those, with whose rows count. */
  #bounds(tenants: readonly string[]): [TenantLimits, readonly string[]][] {
    const { maxRows, maxRegisterBytes = Infinity, maxBacklogMs = Infinity } = this.#limits;
    return [
      [{ maxRows, maxRegisterBytes, maxBacklogMs }, TENANTS],
      ...tenants.map((one): [TenantLimits, readonly string[]] => [this.#ofTenant, [one]]),
    ];
  }

  /** What rows of these have, by the jobs themselves. */
  #taken(tenants: readonly string[], classes: readonly Priority[]): Taken & { jobs: number } {
    const sum = { ...NOTHING, jobs: 0 };
    for (const { spec, rows, endedMs } of this.#jobs) {
      const { tenant = "", priority = "interactive", strict } = spec;
      if (endedMs !== undefined || !tenants.includes(tenant) || !classes.includes(priority))
        continue;
      // A row that has done steps and has no registers has ended.
      const open = rows.filter(
        (row) => !this.#cancelled.has(row) && (row.offset !== undefined || row.steps === 0),
      );
      if (open.length > 0) sum.jobs++;
      for (const { program, steps } of open) {
        sum.rows++;
        sum.registerBytes += (program.registers.length - 1) * this.#registerBytes;
        sum.workMs += ((program.evaluations ?? 0) - steps) * evaluationMs(strict);
      }
    }
    return sum;
  }

  /** Every bound holds, and the engine knows what it has taken. */
  check(): void {
    if (this.#wrong !== undefined) throw new Error(this.#wrong);
    for (const { endedMs, spec } of this.#jobs) {
      if (endedMs === undefined && (spec.deadlineMs ?? Infinity) <= this.nowMs) {
        throw new Error("a job outlived its deadline");
      }
    }
    for (const [limits, of] of this.#bounds(TENANTS)) {
      const all = this.#taken(of, PRIORITIES);
      expectAtMost(all.rows, limits.maxRows);
      expectAtMost(all.registerBytes, limits.maxRegisterBytes);
      for (const priority of PRIORITIES) {
        const { workMs, jobs } = this.#taken(of, [priority]);
        // One job may be larger by itself.
        if (jobs > 1) expectAtMost(workMs, limits.maxBacklogMs + 1e-6);
      }
    }
    for (const tenant of TENANTS) {
      for (const priority of PRIORITIES) {
        const classes = PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1);
        const seen = this.engine.taken({ tenant, priority });
        expectSame(seen.all, this.#taken(TENANTS, PRIORITIES));
        expectSame(seen.ahead, this.#taken(TENANTS, classes));
        expectSame(seen.tenant, this.#taken([tenant], PRIORITIES));
        expectSame(seen.tenantAhead, this.#taken([tenant], classes));
      }
    }
  }

  async end(how: (typeof ENDS)[number]): Promise<void> {
    this.workers.turn(false);
    let drained: Promise<number> | undefined;
    if (how === "cancel") for (const job of this.#jobs) this.engine.cancel(job);
    if (how === "drain") {
      drained = this.engine.drain(100);
      for (let step = 0; step < 3; step++) await this.run(DONE);
      this.wait(100);
    }
    await settle();
    for (let left = 10_000; this.workers.sent.length > 0; left--) {
      if (left === 0) throw new Error("it does not come to its end");
      await this.run(DONE);
    }
    await drained;
    await Promise.all(this.#closing);
    const { jobs, active, waiting, leaving, slabElements } = this.engine.load;
    expectSame(
      { rows: jobs + active + waiting, registerBytes: slabElements, workMs: leaving },
      NOTHING,
    );
    for (const tenant of TENANTS) {
      const { all, tenant: own } = this.engine.taken({ tenant, priority: "batch" });
      for (const taken of [all, own]) {
        if (taken.rows !== 0 || taken.registerBytes !== 0 || taken.workMs !== 0) {
          throw new Error(`not zero at the end: ${JSON.stringify(taken)}`);
        }
      }
    }
    if (this.#jobs.some(({ endedMs }) => endedMs === undefined)) throw new Error("a job was lost");
  }
}

const DONE: Command = { kind: "answer", which: 0, outcome: "done" };

/** Device time of one evaluation of a row. */
function evaluationMs(strict: boolean): number {
  return strict ? stepMs(1) : stepMs(MAX_BATCH_ROWS) / MAX_BATCH_ROWS;
}

function expectAtMost(seen: number, most: number): void {
  if (seen > most) throw new Error(`seen ${seen}, expected at most ${most}`);
}

function expectSame(seen: Taken, expected: Taken): void {
  const same =
    seen.rows === expected.rows &&
    seen.registerBytes === expected.registerBytes &&
    Math.abs(seen.workMs - expected.workMs) <= 1e-9 * (1 + expected.workMs);
  if (!same) throw new Error(`seen ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`);
}

/** Everything that can go on without a clock and without workers has gone on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
