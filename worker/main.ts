import type { WorkerTask } from "./protocol.ts";
import { createTask, type WorkerAnswer } from "./task.ts";

/** The piscina task of a worker thread. */
const task: (task: WorkerTask) => Promise<WorkerAnswer> = createTask();
export default task;
