import { ScoreStreamError } from "../../typescript/core/scorestream-error.ts";
import type { Connection, JobCall } from "../connection.ts";
import { JobState, type RowState } from "./job-state.ts";
import { Pace } from "./pace.ts";
import type { RememberedJob, RememberedJobs } from "./remembered-jobs.ts";

/** What a job is shown under. */
export interface JobWords {
  /** Of tasks/registry.ts. */
  readonly task: string;
  readonly model: string;
  readonly title: string;
  readonly details: string;
}

/** What a job is followed from: its request, or its id where it was asked for before a reload. */
export type JobStart = JobCall | { readonly jobId: string };

/** A job that this page follows. */
export class JobRun {
  readonly state: JobState = new JobState();
  readonly words: JobWords;
  /** Why it ended without completing. */
  failure: ScoreStreamError | undefined;
  /** Images that were asked to end. */
  readonly cancellingImages: Set<number> = new Set();
  readonly #pace = new Pace();
  readonly #paces = new Map<number, Pace>();
  /** Whether it was asked to end. */
  cancelling = false;
  readonly #connection: Connection;
  readonly #remembered: RememberedJobs;

  constructor(words: JobWords, connection: Connection, remembered: RememberedJobs) {
    this.words = words;
    this.#connection = connection;
    this.#remembered = remembered;
  }

  get ended(): boolean {
    return this.failure !== undefined || this.state.completed !== undefined;
  }

  /**
   * Reads the job to its end, whatever becomes of the connection. A job that fails has a `failure` then.
   *
   * @param onChange hears of each row that changed, and with undefined of the job
   */
  async follow(start: JobStart, onChange: (row: RowState | undefined) => void): Promise<void> {
    const events =
      "jobId" in start ? this.#connection.client.watch(start.jobId) : this.#connection.start(start);
    try {
      for await (const event of events) {
        const row = this.state.apply(event);
        if (event.event?.$case === "accepted") this.#remember();
        if (row !== undefined) this.#observe(row);
        onChange(row);
      }
    } catch (error) {
      if (!(error instanceof ScoreStreamError)) throw error;
      this.failure = error;
      this.forget();
    }
    onChange(undefined);
  }

  #observe(row: RowState): void {
    const now = performance.now();
    const image = this.state.imageOf(row);
    const pace = this.#paces.get(image) ?? new Pace();
    this.#paces.set(image, pace);
    pace.observe(now, this.state.fractionOf(image));
    this.#pace.observe(now, this.state.fraction);
  }

  /** Of the job, in ms; undefined before it has moved. */
  get leftMs(): number | undefined {
    return this.#pace.leftMs(performance.now(), this.state.fraction);
  }

  /** Of an image, in ms; undefined before it has moved. */
  leftMsOf(image: number): number | undefined {
    return this.#paces.get(image)?.leftMs(performance.now(), this.state.fractionOf(image));
  }

  /** Asks the server to end an image; the job's events say when it has. @returns whether it had not ended */
  async cancelImage(image: number): Promise<boolean> {
    this.cancellingImages.add(image);
    try {
      const { id } = this.state;
      const { cancelled } = await this.#connection.client.cancel(id, { rows: [image] });
      return cancelled;
    } catch (error) {
      // What became of the job, its events say.
      if (!(error instanceof ScoreStreamError)) throw error;
      this.cancellingImages.delete(image);
      return false;
    }
  }

  /** Asks the server to end the job. One that has no id yet is ended when it has. */
  async cancel(): Promise<void> {
    this.cancelling = true;
    if (this.state.id !== "") await this.#connection.client.cancel(this.state.id);
  }

  /** A reload will not bring it back. */
  forget(): void {
    this.#remembered.remove(this.state.id);
  }

  #remember(): void {
    const job: RememberedJob = { id: this.state.id, ...this.words };
    this.#remembered.add(job);
    if (this.cancelling) void this.cancel();
  }
}
