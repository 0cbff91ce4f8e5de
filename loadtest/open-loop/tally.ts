import { Latencies, type Measure } from "./latencies.ts";

/** How a job ended for its caller; every other outcome is a code of the server's or a status of gRPC's. */
export const COMPLETED = "completed";
/** It could not be sent: it would have been one more than may be in flight, or its connection had closed. */
export const UNSENT = "unsent";
/** Its caller cancelled it, as planned. */
export const CANCELLED = "cancelled by caller";
/** It had not ended when the run did. */
export const UNFINISHED = "unfinished";

/** What became of a task's jobs: those after the warm-up. */
export class Tally {
  /** Jobs by outcome; together all that the plan had. */
  readonly outcomes: Map<string, number>;
  /** Jobs that goodput judges: all but those whose caller cancels or reads slowly. */
  judged: number;
  /** Of these, those that completed within the task's goal. */
  good: number;
  readonly latencies: Latencies;

  constructor(encoded?: EncodedTally) {
    this.outcomes = new Map(encoded?.outcomes);
    this.judged = encoded?.judged ?? 0;
    this.good = encoded?.good ?? 0;
    this.latencies = new Latencies(encoded?.latencies);
  }

  count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  /** A job that could not be sent. @param judged as `judged` has it */
  countUnsent(judged: boolean): void {
    this.count(UNSENT);
    if (judged) this.judged++;
  }

  add(other: Tally): void {
    for (const [outcome, jobs] of other.outcomes) {
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + jobs);
    }
    this.judged += other.judged;
    this.good += other.good;
    this.latencies.add(other.latencies);
  }

  /** For another process. */
  encoded(): EncodedTally {
    return {
      outcomes: [...this.outcomes],
      judged: this.judged,
      good: this.good,
      latencies: this.latencies.encoded(),
    };
  }
}

export interface EncodedTally {
  readonly outcomes: readonly (readonly [string, number])[];
  readonly judged: number;
  readonly good: number;
  readonly latencies: Readonly<Record<Measure, string>>;
}
