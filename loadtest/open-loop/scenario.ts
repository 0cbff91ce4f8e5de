import type { ClientFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Trace } from "./trace.ts";

/** How requests come, for a while. Rates are in jobs a second. */
export type Phase =
  | { readonly process: "poisson"; readonly rate: number; readonly seconds: number }
  /** Gaps of the gamma distribution: a shape below 1 comes in bursts (its variation is 1 / sqrt(shape)), 1 is Poisson. */
  | {
      readonly process: "gamma";
      readonly rate: number;
      readonly shape: number;
      readonly seconds: number;
    }
  /** Poisson with a rate that goes from one to the other in a straight line. */
  | {
      readonly process: "ramp";
      readonly from: number;
      readonly to: number;
      readonly seconds: number;
    }
  /** A file of arrivals (trace.ts), `speed` times as fast. */
  | { readonly process: "replay"; readonly file: string; readonly speed: number };

/** When a run's figures can be relied on: settle.ts. */
export interface Settle {
  readonly windowS: number;
  /** Windows that must agree. */
  readonly windows: number;
  /** By how much of their mean they may differ. */
  readonly within: number;
}

/** A request that begins a job. */
export type TaskRequest = Extract<
  NonNullable<ClientFrame["request"]>,
  { $case: "sample" | "encode" | "decode" | "logLikelihood" }
>;

/** A kind of job. */
export interface Task {
  readonly name: string;
  /** Its share of the arrivals, over those of the other tasks. */
  readonly weight: number;
  readonly transport: "grpc" | "websocket";
  readonly request: TaskRequest;
  /** The request has no seed of its own: the arrival's number takes its place. */
  readonly seedVaries: boolean;
  /** Goodput counts jobs that are done within so long of their scheduled time; undefined: all that complete. */
  readonly goalMs?: number | undefined;
  /** Share of the jobs that their caller cancels, at a fraction of the way that is uniform in (0, 1). */
  readonly cancelShare: number;
  /** Share of the jobs whose caller reads slowly, and its pause after each event. */
  readonly slowShare: number;
  readonly slowPauseMs: number;
}

/** A load: what comes, when, and how it is judged. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly seed: number;
  /** Flags of the server that is started where no other is named. */
  readonly serverFlags: readonly string[];
  /** One after the other. */
  readonly arrivals: readonly Phase[];
  /** The traces of replay phases, by the phase's place. */
  readonly traces: ReadonlyMap<number, Trace>;
  /** Arrivals of the first seconds are sent, but not counted. */
  readonly warmupS: number;
  /** The last phase ends when its figures have settled; false: it runs its time. */
  readonly settle: Settle | false;
  /** Of each transport and each process; slow readers have one of their own each. */
  readonly connections: number;
  /** Arrivals that find so many in flight are not sent, but counted. */
  readonly maxInFlight: number;
  /** Of the generator. */
  readonly processes: number;
  /** How long jobs may take to end after the last arrival; what has not ended by then is "unfinished". */
  readonly drainS: number;
  readonly tasks: readonly Task[];
}
