import { isMainThread } from "node:worker_threads";
import { workerData } from "piscina";
import { followEnd } from "./native-calls.ts";
import type { WorkerCall, WorkerMessage, WorkerSetup } from "./protocol.ts";
import type { Task } from "./task.ts";

/** What a worker's file exports: the function that piscina calls in a thread. Of no call it says that it is ready. */
export type Serving = (call: WorkerCall | undefined) => Promise<WorkerMessage>;

/** Answers the server that started this thread, or this process, until it ends it. */
export function serve(createTask: (setup: WorkerSetup) => Task): Serving {
  if (isMainThread) {
    serveProcess(createTask);
    return () => Promise.reject(new Error("this is a process of its own: it answers messages"));
  }
  const setup = workerData as WorkerSetup;
  if (setup.ending !== undefined) followEnd(setup.ending);
  const task = createTask(setup);
  return (call) => (call === undefined ? Promise.resolve({ kind: "ready" }) : task(call));
}

/** A process's first message is its setup. */
function serveProcess(createTask: (setup: WorkerSetup) => Task): void {
  const say = (message: WorkerMessage): void => {
    process.send?.(message);
  };
  // A terminal sends its signals to the whole group; it is the server that says when to end.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
  process.on("disconnect", () => process.exit());
  process.once("message", (setup: WorkerSetup) => {
    const task = createTask(setup);
    process.on("message", (call: WorkerCall) => {
      void task(call).then(say);
    });
    say({ kind: "ready" });
  });
}
