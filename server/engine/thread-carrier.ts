import { Worker } from "node:worker_threads";
import type { WorkerCall, WorkerMessage } from "../../worker/protocol.ts";
import type { StartCarrier } from "./carrier.ts";

/** A worker in a thread: shares the slab; a native crash in it ends the server. */
export const startThread: StartCarrier = ({ file, slab, setup, maxHeapMib, quiet }, events) => {
  const thread = new Worker(file, {
    workerData: { ...setup, slab },
    stdout: quiet,
    stderr: quiet,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
  });
  let problem: string | undefined;
  thread.on("message", (message: WorkerMessage) => {
    if (message.kind === "ready") events.ready();
    else events.reply(message.answer);
  });
  // An exit always follows.
  thread.on("error", (error: unknown) => {
    problem = error instanceof Error ? error.message : String(error);
  });
  thread.on("exit", (code) => events.gone(problem ?? `it exited with code ${code}`));
  return {
    send: (task) => thread.postMessage({ task } satisfies WorkerCall),
    end: () => void thread.terminate(),
  };
};
