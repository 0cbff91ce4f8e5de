import type { Logger } from "pino";
import { duration } from "../engine/duration.ts";
import type { CallName } from "../requests/calls.ts";
import { GRPC_STATUS } from "../requests/grpc-status.ts";
import { report } from "../requests/report.ts";
import type { Response } from "./dispatch.ts";
import { type FrameKind, writeFrame } from "./frame.ts";
import type { Outbox } from "./outbox.ts";

/** What a socket answers, each answer under its request's id and in its request's kind of frame. */
export class Answers {
  readonly #outbox: Outbox;
  readonly #log: Logger;

  constructor(outbox: Outbox, log: Logger) {
    this.#outbox = outbox;
    this.#log = log;
  }

  /** Resolves when an event may be pulled or sent, or nothing will be sent any more. */
  room(): Promise<void> {
    return this.#outbox.room();
  }

  send(id: string, kind: FrameKind, response: Response): void {
    this.#outbox.send(writeFrame({ id, response }, kind));
  }

  fail(id: string, kind: FrameKind, call: CallName | "frame", thrown: unknown): void {
    const { code, message, retryAfterMs } = report(this.#log, call, thrown);
    const retryAfter = retryAfterMs === undefined ? undefined : duration(retryAfterMs);
    const value = { code, grpcStatus: GRPC_STATUS[code], message, retryAfter };
    this.send(id, kind, { $case: "error", value });
  }
}
