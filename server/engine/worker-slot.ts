import type { Execution, WorkerAnswer, WorkerTask } from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import type { Carrier, CarrierOptions, StartCarrier } from "./carrier.ts";

/** A worker must take calls within this of its start, in ms: it loads Node's modules and ONNX Runtime. */
const START_MS = 60_000;
/**
 * A worker that was told to end and has not by then, in ms, is inside native code. It is given up: a thread there ends when it
 * comes back, before it writes to any register.
 */
const END_MS = 5_000;
/** Starts in a row that fail before the tasks that wait for them are given up. */
const MAX_STARTS = 5;

export interface SlotOptions extends Omit<CarrierOptions, "setup"> {
  readonly startCarrier: StartCarrier;
  /** How it runs networks; default on the CPU. */
  readonly execution?: Execution;
  readonly testing?: unknown;
  /** Another END_MS, in tests. */
  readonly endMs?: number;
  /** A worker ended that was not asked to, or was hung and was ended. */
  readonly onLost?: (loss: Loss) => void;
}

export interface Loss {
  readonly reason: string;
  /** What it was doing; undefined where it was starting or idle. */
  readonly task: WorkerTask["kind"] | undefined;
}

interface Pending {
  readonly task: WorkerTask;
  /** How long it may run, in ms. */
  readonly boundMs: number;
  resolve(answer: WorkerAnswer): void;
  reject(error: ServerError): void;
}

/** A worker may end for reasons that have nothing to do with its task; one that hangs hangs at its task. */
function lostError(reason: string, hung: boolean): ServerError {
  if (hung) return new ServerError("internal", `a worker hung and was ended: ${reason}`);
  return new ServerError("worker-lost", `a worker was lost: ${reason}`);
}

/**
 * The place of one worker. A worker that ends is replaced, and only the task that it was at is rejected: those behind
 * it go to the next worker, in order.
 */
export class WorkerSlot {
  readonly #options: SlotOptions;
  /** In the order in which the worker runs them; once it is ready it is at the first. */
  readonly #pending: Pending[] = [];
  #carrier: Carrier | undefined;
  #ready = false;
  /** Why the worker has been told to end. */
  #ending: string | undefined;
  /** What the pending tasks are rejected with once the worker has ended. */
  #stopped: ServerError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #starts = 0;
  #failedStarts = 0;
  #stuck = false;
  #onGone: (() => void)[] = [];

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#start();
  }

  /** Tasks that it has been given and not answered. */
  get load(): number {
    return this.#pending.length;
  }

  /** A worker of it was given up: it is inside native code, and may never come back. */
  get stuck(): boolean {
    return this.#stuck;
  }

  /** Workers can't even be started here. */
  get broken(): boolean {
    return this.#failedStarts >= MAX_STARTS;
  }

  /**
   * @throws ServerError "worker-lost" where the worker ended while it was at this task, or none can be started; "internal"
   *   where the task took longer than its bound
   */
  run(task: WorkerTask, boundMs: number): Promise<WorkerAnswer> {
    if (this.#stopped !== undefined && this.#carrier !== undefined) {
      return Promise.reject(this.#stopped);
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ task, boundMs, resolve, reject });
      if (this.#carrier === undefined) this.#start();
      else if (this.#ready && this.#ending === undefined) {
        this.#carrier.send(task);
        if (this.#pending.length === 1) this.#watch();
      }
    });
  }

  /** Ends the worker, then rejects every task with `error`. The next task starts another worker. */
  async stop(error: ServerError): Promise<void> {
    this.#stopped = error;
    if (this.#carrier === undefined) return this.#rejectAll(error);
    await new Promise<void>((resolve) => {
      this.#onGone.push(resolve);
      this.#end(error.message);
    });
  }

  #start(): void {
    const { startCarrier, execution, testing, ...options } = this.#options;
    this.#stopped = undefined;
    this.#ending = undefined;
    this.#ready = false;
    const setup = {
      predecessors: this.#starts++,
      ...(execution === undefined ? {} : { execution }),
      ...(testing === undefined ? {} : { testing }),
    };
    // A worker that was given up may still tell something.
    const mine =
      <A extends readonly unknown[]>(listen: (...told: A) => void) =>
      (...told: A): void => {
        if (this.#carrier === carrier) listen(...told);
      };
    const carrier = startCarrier(
      { ...options, setup },
      {
        ready: mine(() => this.#begin()),
        reply: mine((answer) => this.#settle(answer)),
        gone: mine((reason) => this.#lost(reason)),
      },
    );
    this.#carrier = carrier;
    this.#arm(START_MS, () => this.#end(`it took longer than ${START_MS / 1000} s to start`));
  }

  #begin(): void {
    if (this.#ending !== undefined) return;
    this.#ready = true;
    this.#failedStarts = 0;
    for (const { task } of this.#pending) this.#carrier?.send(task);
    this.#watch();
  }

  #settle(answer: WorkerAnswer): void {
    // What comes after the order to end is dropped: its rows run again, which does no harm.
    if (this.#ending !== undefined) return;
    const done = this.#pending.shift();
    this.#watch();
    done?.resolve(answer);
  }

  /** Starts the time of the task that the worker is now at. */
  #watch(): void {
    clearTimeout(this.#timer);
    const [head] = this.#pending;
    if (head === undefined) return;
    this.#arm(head.boundMs, () => {
      // Where this thread was late itself, the answer may be waiting to be read: it gets its turn first.
      setImmediate(() => {
        if (this.#pending[0] !== head) return;
        this.#end(`it took longer than ${head.boundMs / 1000} s`);
      });
    });
  }

  #end(reason: string): void {
    if (this.#ending !== undefined) return;
    this.#ending = reason;
    this.#arm(this.#options.endMs ?? END_MS, () => {
      this.#stuck = true;
      this.#lost(reason);
    });
    this.#carrier?.end();
  }

  #lost(reason: string): void {
    clearTimeout(this.#timer);
    const told = this.#ending ?? reason;
    const hung = this.#ready && this.#ending !== undefined;
    const stopped = this.#stopped;
    this.#carrier = undefined;
    const victim = this.#ready && stopped === undefined ? this.#pending.shift() : undefined;
    if (!this.#ready) this.#failedStarts++;
    this.#ready = false;
    if (stopped !== undefined) this.#rejectAll(stopped);
    else {
      this.#options.onLost?.({ reason: told, task: victim?.task.kind });
      if (!this.broken) this.#start();
      else this.#rejectAll(new ServerError("worker-lost", `no worker can be started: ${told}`));
      victim?.reject(lostError(told, hung));
    }
    for (const tell of this.#onGone.splice(0)) tell();
  }

  #rejectAll(error: ServerError): void {
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }

  #arm(ms: number, late: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(late, ms).unref();
  }
}
