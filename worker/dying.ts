/** A worker that fails as a test tells it to. Only tests of faults name this file. */
import { Worker } from "node:worker_threads";
import type { BatchStage } from "./batch.ts";
import type { BatchTask } from "./protocol.ts";
import { type Serving, serve } from "./serve.ts";
import { createTask, type Task } from "./task.ts";

/**
 * A way to fail: a thrown error, which is an answer; the thread's or process's exit; an exception that nothing catches;
 * more memory than the worker may have; waiting or computing for ever; a native crash or SIGKILL, which only a process
 * contains.
 */
export type Death =
  | "error"
  | "exit"
  | "uncaught"
  | "memory"
  | "wait"
  | "spin"
  | "abort"
  | "segv"
  | "kill";

/** What a worker is told to do. */
export interface Dying {
  /** By predecessors: what ends the first worker, the second and so on. Those after the last one live. */
  readonly lives?: readonly Life[];
  /** Ends every worker that gets a row of this seed. */
  readonly poison?: Fault & { readonly seeds: readonly bigint[] };
}

export interface Fault {
  readonly death: Death;
  readonly stage: BatchStage;
}

/** The batch of its own, counted from 1, in which a worker fails; 0: at any call, before it does anything. */
export type Life = Fault & {
  readonly batch: number;
  /** Not then, but so many ms later, wherever it is by then; a process even inside a native call. */
  readonly afterMs?: number;
};

const serving: Serving = serve((setup): Task => {
  const { lives, poison } = setup.testing as Dying;
  const life = lives?.[setup.predecessors];
  let batches = 0;
  const task = createTask(setup, (stage, batch) => {
    if (stage === "prepared") batches++;
    if (life?.batch === batches && life.stage === stage) dieAfter(life);
    if (poison?.stage === stage && has(batch, poison.seeds)) die(poison.death);
  });
  return (call) => {
    if (life?.batch === 0) die(life.death);
    return task(call);
  };
});

export default serving;

function has({ rows }: BatchTask, seeds: readonly bigint[]): boolean {
  return rows.some(({ seed }) => seeds.includes(seed));
}

function dieAfter({ death, afterMs }: Life): void {
  if (afterMs === undefined) die(death);
  else if (death === "kill") {
    // A thread of its own, whose timer no evaluation holds up.
    const kill = `setTimeout(() => process.kill(process.pid, "SIGKILL"), ${afterMs})`;
    new Worker(kill, { eval: true });
  } else setTimeout(() => die(death), afterMs);
}

function die(death: Death): void {
  DEATHS[death]();
}

const DEATHS: Readonly<Record<Death, () => void>> = {
  error: () => {
    throw new Error("failed as told");
  },
  exit: () => process.exit(3),
  uncaught: () =>
    queueMicrotask(() => {
      throw new Error("thrown as told");
    }),
  memory: () => {
    const lists: number[][] = [];
    for (;;) lists.push(Array.from({ length: 1000 }, (_, i) => i + lists.length));
  },
  wait: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  spin: () => {
    for (;;);
  },
  abort: () => process.abort(),
  segv: () => {
    process.kill(process.pid, "SIGSEGV");
  },
  kill: () => {
    process.kill(process.pid, "SIGKILL");
  },
};
