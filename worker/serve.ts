import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { WorkerCall, WorkerMessage, WorkerSetup } from "./protocol.ts";
import type { Task } from "./task.ts";

/** Answers the server that started this thread, or this process, until it ends it. */
export function serve(createTask: (setup: WorkerSetup) => Task): void {
  if (parentPort !== null) serveThread(parentPort, createTask(workerData as WorkerSetup));
  else serveProcess(createTask);
}

function serveThread(port: MessagePort, task: Task): void {
  port.on("message", (call: WorkerCall) => {
    void task(call).then((reply) => port.postMessage(reply));
  });
  port.postMessage({ kind: "ready" } satisfies WorkerMessage);
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
