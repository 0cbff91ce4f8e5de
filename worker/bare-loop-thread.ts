/** One of the threads of a bare loop (bare-loop.ts): a session of one thread, and its share of each batch. */
import { parentPort, workerData } from "node:worker_threads";
import { EvaluationLoop } from "./evaluation-loop.ts";
import { sessionOptions } from "./sessions.ts";

/** What such a thread is started with. */
export interface LoopThread {
  readonly path: string;
  readonly rows: number;
}

/** What it is asked, and answers with a number: the fastest time, in ms, or without end the rows a second. */
export interface LoopCall {
  readonly perRun: number;
  /** How long to evaluate; undefined: a few batches, of which the fastest counts. */
  readonly seconds?: number;
}

const { path, rows } = workerData as LoopThread;
const loop = await EvaluationLoop.open(path, rows, sessionOptions(1));
parentPort?.on("message", ({ perRun, seconds }: LoopCall) => {
  const answer = seconds === undefined ? loop.fastest(perRun) : loop.rate(perRun, seconds);
  void answer.then((number) => parentPort?.postMessage(number));
});
parentPort?.postMessage("ready");
