import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { OpenJob } from "./calls.ts";

/** Where a job's events go: one call, or one request on a socket. */
export interface Sink {
  /** Resolves when the sink can take an event, or when nothing will be taken any more. */
  room(): Promise<void>;
  send(event: JobEvent): void;
}

/**
 * Sends a job's events until `completed`, no faster than they are taken. An event is pulled only when there is room
 * for it: while there is none, the job's own log replaces stale previews by newer ones.
 *
 * @param signal aborted when the caller has gone; it ends the iteration, and this returns
 * @throws ServerError when the job failed; not after `signal`
 */
export async function pump(open: OpenJob, sink: Sink, signal: AbortSignal): Promise<void> {
  const events = open.job.events(open.afterSequence, signal);
  try {
    for (;;) {
      await sink.room();
      if (signal.aborted) return;
      const next = await events.next();
      if (next.done === true) return;
      // Other requests of the same socket may have filled it while this one waited for its event.
      await sink.room();
      if (signal.aborted) return;
      sink.send(next.value);
      // Ends here, not at the next pull: whoever has read `completed` may use the request's id again.
      if (next.value.event?.$case === "completed") return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await events.return(undefined);
  }
}
