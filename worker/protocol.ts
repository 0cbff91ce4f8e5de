import type { DifferentiationPath } from "../onnx/differentiation-path.ts";
import type { Instruction, Register } from "../sde/index.ts";

/**
 * A graph that a worker evaluates: `score`, the score network as it is; `jvp`, with the derivative of its output in a
 * direction; `guided`, with the gradient of a classifier's log p(y | x_t) beside it.
 */
export type GraphName = "score" | "jvp" | "guided";

/** The element types of a time input: what exporters write. */
export type TimeType = "float32" | "float16" | "int64";

/** The element types of a network's pictures. Registers and all that is done with them are float32. */
export type PictureType = "float32" | "float16";

/** The class input of a network that was trained with labels. */
export interface ClassInput {
  readonly name: string;
  readonly encoding: "index" | "one-hot";
  readonly type: "int64" | "float32";
  /** How many classes a one-hot label tells apart. */
  readonly classes: number;
}

/** Where a graph's file is and how to run it; the key of a worker's session cache is `key`. */
export interface GraphSource {
  /** Names the file by content, so that a reloaded model never meets an old session. */
  readonly key: string;
  readonly path: string;
  readonly inputName: string;
  /** Of its pictures in; default float32. */
  readonly inputType?: PictureType;
  readonly timeName: string;
  readonly timeType: TimeType;
  readonly outputName: string;
  /** Of its pictures out; default float32. */
  readonly outputType?: PictureType;
  readonly classInput?: ClassInput;
  /** Of a `jvp` graph: the direction and the derivative in it. */
  readonly tangent?: { readonly inputName: string; readonly outputName: string };
  /** Of a `guided` graph: the classifier's inputs and its gradient in the first of them. */
  readonly classifier?: {
    readonly inputName: string;
    readonly timeName: string;
    readonly timeType: TimeType;
    readonly labelName: string;
    readonly gradientName: string;
  };
  /** Channels of one output row; those from the model's own channel count on are dropped. */
  readonly outputChannels: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Threads of one operator; 0: as many as there are cores. */
  readonly intraOpThreads: number;
  /** Its weights lie in files beside it. */
  readonly externalWeights?: true;
  /** Places of one run of the session, as `profile` found best; default: all of a batch. */
  readonly placesPerRun?: number;
  /** How workers share a batch of it, where that is faster than one worker with all threads. */
  readonly team?: Team;
  /** One of a team of so many evaluates it: on one thread, and within its part of the memory that a run may take. */
  readonly sharedBy?: number;
}

/** Workers that share a batch, each with a session of one thread. */
export interface Team {
  readonly workers: number;
  /** How much faster they are where they have the same number of places. */
  readonly gain: number;
  /** Places of one run of each session; default: all of a worker's share. */
  readonly placesPerRun?: number;
}

/**
 * A network evaluation in the network's own conventions: output = network(inputScale x, time),
 * score = scoreFromInput x + scoreFromOutput output.
 */
export interface RowEvaluation {
  readonly input: Register;
  readonly output: Register;
  readonly inputScale: number;
  readonly time: number;
  readonly scoreFromInput: number;
  readonly scoreFromOutput: number;
  /**
   * Of a network with a class input: output = sum of weight network(inputScale x, time, label). One place in the batch
   * a label; without, one place. Label -1 as one-hot is all zeros.
   */
  readonly labels?: readonly WeightedLabel[];
  /** Of a `jvp` graph: output register = d score / dx times the input register. */
  readonly tangent?: { readonly input: Register; readonly output: Register };
  /** Of a `guided` graph: score += scale d log p(label | x) / dx, with x as the classifier's input times inputScale. */
  readonly guidance?: Guidance;
}
export interface WeightedLabel {
  readonly label: number;
  readonly weight: number;
}
export interface Guidance {
  readonly inputScale: number;
  readonly time: number;
  readonly label: number;
  readonly scale: number;
}

/** Places in the batch that an evaluation takes. */
export function placesOf(evaluation: Pick<RowEvaluation, "labels"> | undefined): number {
  return evaluation?.labels?.length ?? 1;
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
  readonly graph: GraphName;
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

/** Derives a graph, proves it, and leaves it in the cache, unless it is there already. */
export interface DeriveTask {
  readonly kind: "derive";
  readonly derivation: Derivation;
  /** The folder that keeps derived graphs. */
  readonly cache: string;
  /** Of the model's pictures: where it is given, a graph of which no run fits is `not-derivable`. */
  readonly shape?: PictureShape;
}

/** A network's ONNX file, with the files outside it that hold its weights. */
export interface NetworkFile extends DifferentiationPath {
  readonly path: string;
}

/** Which graph to derive from which files. `rewrite`: in the form that is fastest on a CPU (onnx/rewrites). */
export type Derivation =
  | { readonly graph: "score"; readonly score: NetworkFile; readonly rewrite: true }
  | { readonly graph: "jvp"; readonly score: NetworkFile; readonly rewrite?: boolean }
  | {
      readonly graph: "guided";
      readonly score: NetworkFile;
      readonly classifier: NetworkFile & { readonly kind: "logits" | "log-probabilities" };
      readonly rewrite?: boolean;
    };

/** Frees the sessions of graphs that are evaluated no more. */
export interface ReleaseTask {
  readonly kind: "release";
  /** Of the graphs' sources. */
  readonly keys: readonly string[];
}

/** Evaluates a network of one operator on the worker's own provider, to see whether it works. */
export interface TryTask {
  readonly kind: "try";
}

export type WorkerTask = BatchTask | ProfileTask | DeriveTask | ReleaseTask | TryTask;

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
  /** `not-derivable`: the message tells the model's owner why there is no such graph; `too-large`: why it can't be run. */
  readonly code: "evaluation-failed" | "not-derivable" | "too-large";
  readonly message: string;
}
export interface BatchAnswer {
  readonly ok: true;
  readonly rows: readonly RowAnswer[];
  /** Places that were evaluated for the provider's sake, and no row had. */
  readonly padding: number;
  /** Time inside the network, in ms. */
  readonly evaluateMs: number;
  /** Time of the whole task in its worker, in ms. */
  readonly totalMs: number;
}
export interface ProfileAnswer {
  readonly ok: true;
  /** The fastest of a few evaluations, in ms, in runs of `placesPerRun`; as many as sizes were measured. */
  readonly stepMs: readonly number[];
  /** Places of one run, at most, for the best throughput; undefined: all of a batch. */
  readonly placesPerRun?: number;
  /** What one place of a run takes at once beside weights, in bytes, by the graph; without values of unknown size. */
  readonly placeBytes?: number;
}

export interface DeriveAnswer {
  readonly ok: true;
  /** Of `score`: the file's own, where nothing in it can be rewritten. */
  readonly path: string;
  /** The derived file's own name in the cache: changes with its sources and the deriver. */
  readonly key: string;
  /** How it compared when it was made: a derivative with central differences, a rewritten network with the original. */
  readonly error: number;
}

export interface ReleaseAnswer {
  readonly ok: true;
}

export interface TryAnswer {
  readonly ok: true;
}

export type WorkerAnswer =
  | BatchAnswer
  | ProfileAnswer
  | DeriveAnswer
  | ReleaseAnswer
  | TryAnswer
  | WorkerFailure;

/** What runs a network: ONNX Runtime's execution providers, the last of which is everywhere. */
export const PROVIDERS = ["tensorrt", "cuda", "webgpu", "cpu"] as const;

export type Provider = (typeof PROVIDERS)[number];

/** Of a model's pictures. */
export interface PictureShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** How the sessions of a worker run. */
export interface Execution {
  readonly provider: Provider;
  /** Which of several devices of the provider; default its first. */
  readonly deviceId?: number;
  /** The provider's own options, as onnxruntime-node takes them. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** ONNX Runtime's session configuration entries. */
  readonly session?: Readonly<Record<string, string>>;
  /** Threads of one operator, where it is not as the graph's source says. */
  readonly intraOpThreads?: number;
  /** Places of one run: one of these, ascending, the rest left unused, since each new one is paid for. Default: any. */
  readonly batchSizes?: readonly number[];
  /** What one run may take at once beside weights, by its graph, in bytes; default: no bound. */
  readonly maxEvaluationBytes?: number;
}

/** Words of what a thread and whoever ends it tell each other: how many calls of the addon it is inside; whether it is to end. */
export const INSIDE = 0;
export const ENDING = 1;

/** What every worker, a thread or a process, is given when it starts. */
export interface WorkerSetup {
  /** Default: on the CPU. */
  readonly execution?: Execution;
  /** Holds every row's registers. A process has none: its rows' registers come with each batch. */
  readonly slab?: SharedArrayBuffer;
  /** Of a thread: int32[2], its INSIDE and its ENDING. */
  readonly ending?: SharedArrayBuffer;
  /** Workers that were started in its place before it. */
  readonly predecessors: number;
  /** What only the task files of tests read. */
  readonly testing?: unknown;
}

/** What a worker is sent, and answers in the order in which it came. */
export interface WorkerCall {
  readonly task: WorkerTask;
  /** For a process: the fronts of each row's registers in the slab, row after row. */
  readonly fronts?: Float32Array;
}

/** What a worker says: first that it can take calls, then one reply a call. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | {
      readonly kind: "reply";
      readonly answer: WorkerAnswer;
      /** From a process: the backs of each row's registers that were written, row after row. */
      readonly backs?: Float32Array;
    };
