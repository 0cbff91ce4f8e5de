import { type BatchContext, type BatchStage, runBatch } from "./batch.ts";
import { runCarried } from "./carried.ts";
import { derive } from "./derive.ts";
import { release } from "./evaluate.ts";
import { TooLargeError } from "./evaluation-memory.ts";
import { createFillNormal } from "./noise.ts";
import { profile } from "./profile.ts";
import type {
  BatchTask,
  WorkerAnswer,
  WorkerCall,
  WorkerMessage,
  WorkerSetup,
  WorkerTask,
} from "./protocol.ts";
import { runOn } from "./sessions.ts";
import { tryProvider } from "./try-provider.ts";

/** What a worker does with a call. Never throws: what went wrong is its answer. */
export type Task = (call: WorkerCall) => Promise<WorkerMessage>;

/** A worker's task, with a hook at each stage of a batch that only tests of faults use. */
export function createTask(
  setup: WorkerSetup,
  onStage?: (stage: BatchStage, task: BatchTask) => void,
): Task {
  if (setup.execution !== undefined) runOn(setup.execution);
  const context: BatchContext = {
    slab: new Float32Array(setup.slab ?? new ArrayBuffer(0)),
    fillNormal: createFillNormal(),
    ...(onStage === undefined ? {} : { onStage }),
  };
  // Each call awaits in its middle, and the next one must not find its buffers in use.
  let previous: Promise<unknown> = Promise.resolve();
  return (call) => {
    const reply = previous.then(() => answer(call, context));
    previous = reply;
    return reply;
  };
}

async function answer({ task, fronts }: WorkerCall, context: BatchContext): Promise<WorkerMessage> {
  try {
    if (task.kind === "batch" && fronts !== undefined) {
      return { kind: "reply", ...(await runCarried(task, fronts, context)) };
    }
    return { kind: "reply", answer: await run(task, context) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof TooLargeError ? "too-large" : "evaluation-failed";
    return { kind: "reply", answer: { ok: false, code, message } };
  }
}

function run(task: WorkerTask, context: BatchContext): Promise<WorkerAnswer> {
  switch (task.kind) {
    case "batch":
      return runBatch(task, context);
    case "profile":
      return profile(task);
    case "derive":
      return derive(task);
    case "release":
      return release(task.keys).then(() => ({ ok: true }));
    case "try":
      return tryProvider();
  }
}
