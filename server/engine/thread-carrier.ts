import { Piscina } from "piscina";
import { ENDING, INSIDE, type WorkerCall, type WorkerMessage } from "../../worker/protocol.ts";
import type { StartCarrier } from "./carrier.ts";

/** More tasks than a slot ever has under way: they wait in the thread, which runs them in order. */
const MAX_TASKS = 1024;

/**
 * A worker in a thread: shares the slab; a native crash in it ends the server. A piscina pool of one thread, so that it is
 * known which thread has which task, and one that hangs can be ended alone. It is not piscina that replaces it but its
 * slot, which knows what to run again.
 */
export const startThread: StartCarrier = ({ file, slab, setup, maxHeapMib }, events) => {
  const ending = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const pool = new Piscina<WorkerCall | undefined, WorkerMessage>({
    filename: file.href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: MAX_TASKS,
    // A thread that blocks until the next task does not get to end by an exception of the last one.
    atomics: "disabled",
    workerData: { ...setup, slab, ending },
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
  });
  // What goes wrong with the thread is told by the thread itself.
  pool.on("error", () => {});
  const run = (call: WorkerCall | undefined): void => {
    pool.run(call).then(
      (message) => {
        if (message.kind === "ready") events.ready();
        else events.reply(message.answer);
      },
      () => {},
    );
  };
  run(undefined);
  const [thread] = pool.threads;
  let problem: string | undefined;
  // An exit always follows.
  thread?.on("error", (error: unknown) => {
    problem = error instanceof Error ? error.message : String(error);
  });
  thread?.on("exit", (code) => {
    void pool.destroy();
    events.gone(problem ?? `it exited with code ${code}`);
  });
  return {
    send: (task) => run({ task }),
    end: () => {
      const words = new Int32Array(ending);
      Atomics.store(words, ENDING, 1);
      // Inside the addon it ends itself as it comes out (worker/native-calls.ts).
      if (Atomics.load(words, INSIDE) === 0) void thread?.terminate();
    },
  };
};
