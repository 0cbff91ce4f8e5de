import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type {
  BatchAnswer,
  BatchTask,
  WorkerCall,
  WorkerMessage,
  WorkerTask,
} from "../../worker/protocol.ts";
import type { StartCarrier } from "./carrier.ts";

/** A worker in a process: a native crash ends it alone; registers go there and come back in messages. */
export const startProcess: StartCarrier = ({ file, slab, setup, maxHeapMib, quiet }, events) => {
  // What it prints belongs in the log's stream: the server's stdout is for those who start it.
  const prints = quiet ? "ignore" : 2;
  const inherited = process.execArgv.filter((flag) => !flag.startsWith("--inspect"));
  const child = fork(fileURLToPath(file), [], {
    serialization: "advanced",
    stdio: ["ignore", prints, prints, "ipc"],
    // A debugger's port can be listened on once.
    execArgv: [...inherited, `--max-old-space-size=${maxHeapMib}`],
  });
  const elements = new Float32Array(slab);
  const batches: (BatchTask | undefined)[] = [];
  let reason: string | undefined;
  /** The exit may be told before the last messages; the channel's end comes after them. */
  let open = true;
  let ending = false;
  const settle = (): void => {
    if (reason !== undefined && !open) events.gone(reason);
  };
  child.on("message", (message: WorkerMessage) => {
    if (ending) return;
    if (message.kind === "ready") return events.ready();
    const batch = batches.shift();
    const { answer, backs } = message;
    if (batch !== undefined && backs !== undefined) {
      storeBacks(batch, answer as BatchAnswer, backs, elements);
    }
    events.reply(answer);
  });
  child.on("exit", (code, signal) => {
    reason ??= signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
    settle();
  });
  child.on("disconnect", () => {
    open = false;
    settle();
  });
  child.on("error", (error) => {
    if (child.pid !== undefined) return;
    [reason, open] = [`it could not be started: ${error.message}`, false];
    settle();
  });
  child.send(setup, ignoreLost);
  return {
    send: (task) => {
      batches.push(task.kind === "batch" ? task : undefined);
      child.send(callOf(task, elements), ignoreLost);
    },
    end: () => {
      ending = true;
      child.kill("SIGKILL");
    },
  };
};

/** What could not be sent to a process that has just ended is told by its end. */
function ignoreLost(): void {}

function callOf(task: WorkerTask, slab: Float32Array): WorkerCall {
  return task.kind === "batch" ? { task, fronts: frontsOf(task, slab) } : { task };
}

/** float32[sum of the rows' allocated registers, dims] */
function frontsOf({ source, rows }: BatchTask, slab: Float32Array): Float32Array {
  const dims = source.channels * source.height * source.width;
  const registers = rows.reduce((sum, { allocated }) => sum + allocated, 0);
  const fronts = new Float32Array(registers * dims);
  let to = 0;
  for (const { offset, front, allocated } of rows) {
    for (let register = 0; register < allocated; register++, to += dims) {
      const from = offset + (2 * register + ((front >> register) & 1)) * dims;
      fronts.set(slab.subarray(from, from + dims), to);
    }
  }
  return fronts;
}

/** Puts what a process wrote where a thread would have: on the backs of the rows' registers. */
function storeBacks(
  { source, rows }: BatchTask,
  answer: BatchAnswer,
  backs: Float32Array,
  slab: Float32Array,
): void {
  const dims = source.channels * source.height * source.width;
  let from = 0;
  for (const [i, { offset, front, allocated }] of rows.entries()) {
    const written = answer.rows[i]?.written ?? 0;
    for (let register = 0; register < allocated; register++) {
      if (((written >> register) & 1) === 0) continue;
      const to = offset + (2 * register + (((front >> register) & 1) ^ 1)) * dims;
      slab.set(backs.subarray(from, from + dims), to);
      from += dims;
    }
  }
}
