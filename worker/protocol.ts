import type { Graph, Instruction, Register } from "../sde/index.ts";

/** Where a graph's file is and how to run it; the key of a worker's session cache is `key`. */
export interface GraphSource {
  /** Names the file by content, so that a reloaded model never meets an old session. */
  readonly key: string;
  readonly path: string;
  readonly inputName: string;
  readonly timeName: string;
  /** "float32" and "int64" time inputs are what exporters write. */
  readonly timeType: "float32" | "int64";
  readonly outputName: string;
  /** Channels of one output row; those from the model's own channel count on are dropped. */
  readonly outputChannels: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Threads of one operator; 0: as many as there are cores. */
  readonly intraOpThreads: number;
}

/**
 * A network evaluation in the network's own conventions:
 * output = network(inputScale x, time), score = scoreFromInput x + scoreFromOutput output.
 */
export interface RowEvaluation {
  readonly input: Register;
  readonly output: Register;
  readonly inputScale: number;
  readonly time: number;
  readonly scoreFromInput: number;
  readonly scoreFromOutput: number;
}

/**
 * One step of one trajectory. Register r lies in the slab at element offset + (2 r + side) dims, where its
 * front side is bit r of `front`. A worker reads fronts and writes backs.
 */
export interface RowStep {
  readonly offset: number;
  readonly front: number;
  /** How many registers lie in the slab; scratch registers are numbered from `lasting` on. */
  readonly allocated: number;
  readonly lasting: number;
  readonly seed: bigint;
  readonly sample: number;
  readonly prepare: readonly Instruction[];
  readonly evaluate?: RowEvaluation;
  readonly update: readonly Instruction[];
}

/** Steps that share one network evaluation. */
export interface BatchTask {
  readonly kind: "batch";
  readonly graph: Graph;
  readonly source: GraphSource;
  readonly rows: readonly RowStep[];
}

/** Measures the time of one evaluation at each batch size, in ascending order. */
export interface ProfileTask {
  readonly kind: "profile";
  readonly source: GraphSource;
  readonly batchSizes: readonly number[];
  /** Sizes after the first that takes longer than this, in ms, are not measured. */
  readonly enoughMs: number;
}

export type WorkerTask = BatchTask | ProfileTask;

export interface RowAnswer {
  /** Bit r: register r was written, so its sides are to be swapped. */
  readonly written: number;
  readonly scalars: readonly number[];
  /** False where the network's output held NaN or infinity. */
  readonly finite: boolean;
}

/** An error's class and code do not survive postMessage, so a worker answers with plain records. */
export interface WorkerFailure {
  readonly ok: false;
  readonly code: "evaluation-failed";
  readonly message: string;
}
export interface BatchAnswer {
  readonly ok: true;
  readonly rows: readonly RowAnswer[];
  /** Time inside the network, in ms. */
  readonly evaluateMs: number;
  /** Time of the whole task in its worker, in ms. */
  readonly totalMs: number;
}
export interface ProfileAnswer {
  readonly ok: true;
  /** The fastest of a few evaluations, in ms; as many as sizes were measured. */
  readonly stepMs: readonly number[];
}

/** What every worker thread is given when it starts. */
export interface WorkerSetup {
  readonly slab: SharedArrayBuffer;
}
