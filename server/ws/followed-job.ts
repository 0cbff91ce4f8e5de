import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { CallName, OpenJob } from "../requests/calls.ts";
import { pump, type Sink } from "../requests/pump.ts";
import type { EventReader } from "../service.ts";
import type { Answers } from "./answers.ts";
import type { InFlight } from "./connection.ts";
import type { FrameKind } from "./frame.ts";

/** Which request of a socket, and how it is answered. */
export interface Asked {
  readonly id: string;
  readonly kind: FrameKind;
  readonly call: CallName;
}

/** A request whose job's events are sent under its id, until the job or the socket ends or the request is left. */
export class FollowedJob implements InFlight, Sink {
  readonly #asked: Asked;
  readonly #open: OpenJob;
  readonly #answers: Answers;
  readonly #ended: (id: string) => void;
  readonly #events: EventReader;
  leftBy: FrameKind | undefined;

  /** @param ended is told when the last answer of the request has been sent */
  constructor(asked: Asked, open: OpenJob, answers: Answers, ended: (id: string) => void) {
    this.#asked = asked;
    this.#open = open;
    this.#answers = answers;
    this.#ended = ended;
    this.#events = open.job.events(open.afterSequence);
  }

  /** Begins to send. */
  follow(): void {
    void pump(this.#events, this, this.#open.partBytes);
  }

  stop(forGood: boolean): void {
    this.#events.close();
    this.#open.leave(forGood);
  }

  room(): Promise<void> {
    return this.#answers.room();
  }

  send(event: JobEvent): void {
    const { id, kind } = this.#asked;
    this.#answers.send(id, kind, { $case: "event", value: event });
  }

  end(error?: unknown): void {
    const { id, kind, call } = this.#asked;
    if (error !== undefined) this.#answers.fail(id, kind, call, error);
    this.#ended(id);
  }
}
