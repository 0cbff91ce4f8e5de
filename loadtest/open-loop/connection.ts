import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { TaskRequest } from "./scenario.ts";

/** Hears what becomes of a job. */
export interface Listener {
  readonly onEvent: (event: JobEvent) => void;
  /**
   * Called once, after everything else.
   *
   * @param code the server's code or the transport's status; undefined where the job completed
   */
  readonly onEnd: (code: string | undefined) => void;
}

/** A job that is under way. */
export interface Stream {
  /** Leaves it, which ends its job: it is answered no further. */
  cancel(): void;
  /** Reads no more until `resume`: what a caller does who can't keep up. */
  pause(): void;
  resume(): void;
}

/** A connection to a server, which many jobs share. */
export interface Connection {
  start(request: TaskRequest, listener: Listener): Stream;
  close(): void;
}
