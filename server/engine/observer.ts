import type { GraphName } from "../../worker/protocol.ts";
import type { ServerError } from "../errors.ts";
import type { Job } from "./job.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Row } from "./row.ts";

/** Rows that one evaluation is for. */
export interface ObservedBatch {
  /** What runs it. */
  readonly device: string;
  readonly model: string;
  readonly graph: GraphName;
  readonly rows: readonly Row[];
  /** Places that the rows take. */
  readonly places: number;
}

/** How a batch came back. */
export interface BatchOutcome {
  /** What the worker took for it, in ms; undefined where it failed. */
  readonly stepMs: number | undefined;
  /** Places that were evaluated besides the rows': 0 where it failed. */
  readonly padding: number;
  readonly error?: ServerError;
}

/** Is told what the engine does, as it does it. It must be quick and must not throw. */
export interface EngineObserver {
  /** A job was taken on, in the turn of its request. */
  submitted?(job: Job): void;
  /** A request was not taken on. */
  refused?(spec: JobSpec, error: ServerError): void;
  /** A job's first row has registers. */
  started?(job: Job): void;
  /** A preview is in the job's log. */
  previewed?(job: Job): void;
  /** A newer preview has replaced one that no caller had read. */
  unread?(job: Job): void;
  /** A job has completed, or has failed with `error`. */
  ended?(job: Job, error: ServerError | undefined): void;
  /** A batch goes to a worker. @returns what to call when it comes back */
  batch?(batch: ObservedBatch): ((outcome: BatchOutcome) => void) | undefined;
}

/** Several observers as one. */
export function allOf(observers: readonly EngineObserver[]): EngineObserver {
  return {
    submitted(job) {
      for (const observer of observers) observer.submitted?.(job);
    },
    refused(spec, error) {
      for (const observer of observers) observer.refused?.(spec, error);
    },
    started(job) {
      for (const observer of observers) observer.started?.(job);
    },
    previewed(job) {
      for (const observer of observers) observer.previewed?.(job);
    },
    unread(job) {
      for (const observer of observers) observer.unread?.(job);
    },
    ended(job, error) {
      for (const observer of observers) observer.ended?.(job, error);
    },
    batch(batch) {
      const ends = observers.flatMap((observer) => observer.batch?.(batch) ?? []);
      return (outcome) => {
        for (const end of ends) end(outcome);
      };
    },
  };
}
