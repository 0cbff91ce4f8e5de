import type {
  Completed,
  Image,
  JobEvent,
  LikelihoodResult,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { FloatTensor } from "./float-tensor.ts";
import type { JobStream } from "./job-stream.ts";
import { takeLatent, takeLikelihood, takePicture } from "./results.ts";
import { ScoreStreamError } from "./scorestream-error.ts";

/** A row's result, if the event is one. */
export type TakeResult<R> = (
  event: JobEvent["event"],
) => { readonly row: number; readonly result: R } | undefined;

/** Sees every event of a job that is read for its results, such as `completed` with the settings that were used. */
export type OnEvent = (event: JobEvent) => void;

/**
 * A job that the server runs, asked for already. It is read once: event by event with `for await`, or to its end for its
 * results. Leaving the loop early cancels the job, unless the caller asked for `detached`.
 */
export class Job implements AsyncIterable<JobEvent> {
  readonly #events: JobStream;
  #isRead = false;

  constructor(events: JobStream) {
    this.#events = events;
  }

  /** Accepted, then progress and previews, one result a row as each finishes, and completed. @throws ScoreStreamError */
  async *[Symbol.asyncIterator](): AsyncGenerator<JobEvent, void, undefined> {
    if (this.#isRead) throw new Error("the events of a job can be read once only");
    this.#isRead = true;
    let isLeft = false;
    try {
      for (;;) {
        isLeft = false;
        const event = await this.#events.next();
        if (event === undefined) return;
        isLeft = true;
        yield event;
      }
    } finally {
      if (isLeft) await this.#events.leave();
    }
  }

  /**
   * Reads the job to its end.
   *
   * @returns the result of each row, in the order of the rows
   * @throws ScoreStreamError "cancelled" where some were cancelled by themselves: the others' results are among the events
   */
  protected async collect<R>(take: TakeResult<R>, onEvent: OnEvent = () => {}): Promise<R[]> {
    const results: R[] = [];
    for await (const event of this) {
      onEvent(event);
      const taken = take(event.event);
      if (taken !== undefined) results[taken.row] = taken.result;
      else if (event.event?.$case === "completed") checkWhole(event.event.value);
    }
    return results;
  }
}

/** A list with holes would be read as one without. @throws ScoreStreamError "cancelled" */
function checkWhole({ cancelledRows: rows }: Completed): void {
  if (rows.length === 0) return;
  const what = `${rows.join(", ")} of the job ${rows.length === 1 ? "was" : "were"} cancelled`;
  const message = `${rows.length === 1 ? "image" : "images"} ${what}: its events have the others' results`;
  throw new ScoreStreamError({ code: "cancelled", status: "CANCELLED", message });
}

/** A job of pictures: `sample` and `decode`. */
export class PictureJob extends Job {
  /** Reads the job to its end. @returns each row's picture, in the format asked for @throws ScoreStreamError */
  images(onEvent?: OnEvent): Promise<Image[]> {
    return this.collect(takePicture, onEvent);
  }
}

/** A job of latents: `encode`. */
export class LatentJob extends Job {
  /** Reads the job to its end. @returns the latent of each picture, in their order @throws ScoreStreamError */
  latents(onEvent?: OnEvent): Promise<FloatTensor[]> {
    return this.collect(takeLatent, onEvent);
  }
}

/** A job of likelihoods: `logLikelihood`. */
export class LikelihoodJob extends Job {
  /** Reads the job to its end. @returns the likelihood of each picture, in their order @throws ScoreStreamError */
  likelihoods(onEvent?: OnEvent): Promise<LikelihoodResult[]> {
    return this.collect(takeLikelihood, onEvent);
  }
}
