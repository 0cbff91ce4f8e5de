/**
 * The worker task in a thread that exits in the middle of some batches. Only tests of faults name this file.
 *
 * The last two int32 of the slab, which such a test leaves free, count batches and deaths over all threads.
 */
import { workerData } from "piscina";
import type { WorkerSetup, WorkerTask } from "./protocol.ts";
import { createTask, type WorkerAnswer } from "./task.ts";

/** The batches, counted from 1, in whose middle the thread exits: two in a row, and a later one. */
const DEADLY: readonly number[] = [2, 3, 7];

const { slab } = workerData as WorkerSetup;
const counters = new Int32Array(slab, slab.byteLength - 8);

const task: (task: WorkerTask) => Promise<WorkerAnswer> = createTask((stage) => {
  if (stage === "prepared") Atomics.add(counters, 0, 1);
  if (stage !== "evaluated" || !DEADLY.includes(Atomics.load(counters, 0))) return;
  Atomics.add(counters, 1, 1);
  process.exit(1);
});
export default task;
