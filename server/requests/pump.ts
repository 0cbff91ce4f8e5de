import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { EventReader } from "../service.ts";
import { inParts } from "./parts.ts";

/** Where a job's events go: one call, or one request on a socket. */
export interface Sink {
  /** Resolves when the sink can take an event, or when nothing will be taken any more. */
  room(): Promise<void>;
  send(event: JobEvent): void;
  /** Nothing more comes. @param error the ServerError that the job failed with, where it did and someone still reads */
  end(error?: unknown): void;
}

/**
 * Sends a job's events until `completed`, or until their reader is closed, no faster than they are taken. An event is
 * pulled only when there is room for it: while there is none, the job's own log replaces stale previews by newer ones.
 * A large one goes out in parts of at most `partBytes` (0: whole). Never rejects.
 */
export async function pump(events: EventReader, sink: Sink, partBytes = 0): Promise<void> {
  let error: unknown;
  try {
    for (;;) {
      await sink.room();
      const next = await events.next();
      if (next.done === true) break;
      for (const message of inParts(next.value, partBytes)) {
        // Other requests of the same socket may have filled it while this one waited for its event.
        await sink.room();
        if (events.closed) break;
        sink.send(message);
      }
      if (events.closed) break;
      // Ends here, not at the next pull: whoever has read `completed` may use the request's id again.
      if (next.value.event?.$case === "completed") break;
    }
  } catch (thrown) {
    if (!events.closed) error = thrown;
  }
  events.close();
  sink.end(error);
}
