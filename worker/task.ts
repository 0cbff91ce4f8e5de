import { workerData } from "piscina";
import { type BatchContext, type BatchStage, runBatch } from "./batch.ts";
import { derive } from "./derive.ts";
import { createFillNormal } from "./noise.ts";
import { profile } from "./profile.ts";
import type {
  BatchAnswer,
  BatchTask,
  DeriveAnswer,
  ProfileAnswer,
  WorkerFailure,
  WorkerSetup,
  WorkerTask,
} from "./protocol.ts";

/** What a worker thread answers. */
export type WorkerAnswer = BatchAnswer | ProfileAnswer | DeriveAnswer | WorkerFailure;

/** A worker's task function, with a hook at each stage of a batch that only tests of faults use. */
export function createTask(
  onStage?: (stage: BatchStage, task: BatchTask) => void,
): (task: WorkerTask) => Promise<WorkerAnswer> {
  const { slab } = workerData as WorkerSetup;
  const context: BatchContext = {
    slab: new Float32Array(slab),
    fillNormal: createFillNormal(),
    ...(onStage === undefined ? {} : { onStage }),
  };
  // Each task awaits in its middle, and the next one must not find its buffers in use.
  let previous: Promise<unknown> = Promise.resolve();
  return (task) => {
    const answer = previous.then(() => run(task, context));
    previous = answer;
    return answer;
  };
}

/** Never throws: what went wrong is its answer. */
async function run(task: WorkerTask, context: BatchContext): Promise<WorkerAnswer> {
  try {
    switch (task.kind) {
      case "batch":
        return await runBatch(task, context);
      case "profile":
        return await profile(task);
      case "derive":
        return await derive(task);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "evaluation-failed", message };
  }
}
