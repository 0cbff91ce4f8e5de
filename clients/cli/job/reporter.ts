import type {
  Accepted,
  Completed,
  LikelihoodResult,
  Queued,
  RowCancelled,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { Shown } from "../terminal/grid.ts";
import type { Tally } from "./tally.ts";

/** What became of a row: a file, or a likelihood. */
export interface Result {
  readonly row: number;
  /** The file that it was written to; "-" is stdout, undefined a likelihood's. */
  readonly file?: string;
  /** The file that it was asked about. */
  readonly input?: string;
  readonly likelihood?: LikelihoodResult;
  readonly evaluations: bigint;
}

/** Tells a person, or a program, what happens to a job. */
export interface Reporter {
  accepted(job: string, accepted: Accepted): void;
  /** It waits, and where it stands has changed. */
  queued(queued: Queued): void;
  /** The tally has changed. */
  progressed(tally: Tally): void;
  /** A picture of a row: a preview, or the last one. */
  pictured(row: number, picture: Shown): Promise<void>;
  finished(result: Result): void;
  /** An image was cancelled by itself; `input` is the file that it was asked about. */
  cancelled(cancelled: RowCancelled, input: string | undefined): void;
  completed(completed: Completed): void;
  /** Whatever became of the job. What it has to say after this goes to stdout and stderr as they are. */
  close(): Promise<void>;
}
