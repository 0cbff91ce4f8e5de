import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { LeaveRequest, UploadRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import type { CallName, FrameRequest, OpenJob } from "../requests/calls.ts";
import { wrongValue } from "../requests/seen.ts";
import type { Service, Uploading } from "../service.ts";
import { inTraceOf } from "../telemetry/caller-trace.ts";
import { Answers } from "./answers.ts";
import { CLOSE } from "./close-codes.ts";
import { dispatch } from "./dispatch.ts";
import { FollowedJob } from "./followed-job.ts";
import { type FrameKind, readFrame } from "./frame.ts";
import { Outbox, type OutboxLimits } from "./outbox.ts";

interface Received {
  readonly bytes: Buffer;
  readonly kind: FrameKind;
}

/** A request that has not been answered for the last time. */
export interface InFlight {
  /** Ends it, and leaves the job that it started or watches, for good or not. Called once at most. */
  stop(forGood: boolean): void;
  /** The kind of the frame that asked to leave it, which is answered when the request has ended. */
  leftBy?: FrameKind | undefined;
}

export interface ConnectionLimits extends OutboxLimits {
  /** Requests that one socket may have in flight. */
  readonly maxRequests: number;
}

/** One socket and its requests in flight. Ends with the socket, and then leaves every job that it started. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #service: Service;
  readonly #limits: ConnectionLimits;
  readonly #traceparent: string | undefined;
  readonly #outbox: Outbox;
  readonly #answers: Answers;
  readonly #ended = (id: string): void => this.#endRequest(id);
  /** By id. */
  readonly #inFlight = new Map<string, InFlight>();
  /** By id, of those in flight: the uploads, whose frames are many. */
  readonly #uploads = new Map<string, Uploading>();
  /** Frames that came and wait until their answers can be sent. */
  readonly #received: Received[] = [];
  #receiving = false;
  #draining = false;
  #closed = false;
  /** Whether anything came since the last heartbeat. */
  #heard = true;

  /** @param traceparent of the request that opened the socket: of frames without one of their own */
  constructor(
    socket: WebSocket,
    service: Service,
    limits: ConnectionLimits,
    log: Logger,
    traceparent?: string | string[],
  ) {
    this.#traceparent = typeof traceparent === "string" ? traceparent : undefined;
    this.#socket = socket;
    this.#service = service;
    this.#limits = limits;
    this.#outbox = new Outbox(socket, limits, () => {
      log.warn({ slowReaderMs: limits.slowReaderMs }, "closing a socket that takes nothing");
      this.close(CLOSE.slowReader, "the reader is too slow");
    });
    this.#answers = new Answers(this.#outbox, log);
    socket.on("message", (data, isBinary) => {
      // With the default binaryType every message is one Buffer.
      const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
      this.#received.push({ bytes, kind: isBinary ? "binary" : "text" });
      this.#heard = true;
      if (!this.#receiving) void this.#receive();
    });
    socket.on("pong", () => {
      this.#heard = true;
    });
    socket.on("error", (error) => log.debug({ err: error }, "a socket failed"));
    socket.on("close", () => this.#leave());
  }

  /** Drops a peer of which nothing was heard since the last heartbeat, and asks it for a sign of life. */
  heartbeat(): void {
    // A slow reader gets to our ping late; it has its own limit.
    if (!this.#heard && !this.#outbox.full) this.#socket.terminate();
    else this.#socket.ping();
    this.#heard = false;
  }

  /** Closes with 1001 when the last request in flight has ended. */
  drain(): void {
    this.#draining = true;
    if (this.#inFlight.size === 0) this.close(CLOSE.goingAway, "the server stops");
  }

  /** Leaves all jobs and closes; a peer that does not answer is dropped by the socket's close timeout. */
  close(code: number, reason: string): void {
    this.#leave();
    this.#socket.resume(); // or the peer's answer is never read
    this.#socket.close(code, reason);
  }

  #leave(): void {
    this.#closed = true;
    this.#received.length = 0;
    this.#outbox.close();
    for (const request of this.#inFlight.values()) {
      if (request.leftBy === undefined) request.stop(false);
    }
    this.#inFlight.clear();
    this.#uploads.clear();
  }

  /** Serves what has come, in order; a peer that asks and does not read is not read from either. Never rejects. */
  async #receive(): Promise<void> {
    this.#receiving = true;
    for (let next = this.#received.shift(); next !== undefined; next = this.#received.shift()) {
      if (this.#outbox.overfull) {
        this.#socket.pause();
        await this.#outbox.room();
      }
      // Frames still come until the peer has answered our close.
      if (this.#closed) break;
      const frame = readFrame(next.bytes, next.kind);
      if ("error" in frame) this.#answers.fail(frame.id, next.kind, "frame", frame.error);
      else {
        const { id, request, traceparent = this.#traceparent } = frame;
        inTraceOf(traceparent, () => this.#serve(id, next.kind, request));
      }
    }
    this.#receiving = false;
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #serve(id: string, kind: FrameKind, request: FrameRequest): void {
    if (request.$case === "leave") {
      this.#leaveRequest(id, kind, request.value);
      return;
    }
    try {
      if (request.$case === "upload") {
        this.#upload(id, kind, request.value);
        return;
      }
      this.#checkRoom(id);
      const answer = dispatch(this.#service, request);
      if (answer instanceof Promise) void this.#open(id, kind, request.$case, answer);
      else if ("job" in answer) this.#follow(id, kind, request.$case, answer);
      else this.#answers.send(id, kind, answer);
    } catch (error) {
      this.#answers.fail(id, kind, request.$case, error);
    }
  }

  /**
   * Leaves the request of this id. The answer comes after all others of the request, so that then its id is free again; one
   * that is being checked counts as in flight until that is done.
   */
  #leaveRequest(id: string, kind: FrameKind, { forGood }: LeaveRequest): void {
    const request = this.#inFlight.get(id);
    if (request === undefined || request.leftBy !== undefined) {
      this.#answers.send(id, kind, { $case: "left", value: { left: false } });
      return;
    }
    request.leftBy = kind;
    request.stop(forGood);
    if (this.#uploads.has(id)) this.#ended(id);
  }

  #checkRoom(id: string): void {
    if (this.#inFlight.has(id)) {
      throw wrongValue(
        "id",
        id,
        "one that no request in flight on this socket has; that one goes on",
      );
    }
    const { maxRequests } = this.#limits;
    if (this.#inFlight.size >= maxRequests) {
      throw new ServerError(
        "queue-full",
        `this socket has ${maxRequests} requests in flight, the most it may`,
      );
    }
  }

  /**
   * Takes a part of an upload: of the one that has this id, or of a new one. Its last byte is its end.
   *
   * @throws ServerError when a new one can't begin
   */
  #upload(id: string, kind: FrameKind, part: UploadRequest): void {
    const upload = this.#uploads.get(id) ?? this.#beginUpload(id);
    try {
      upload.take(part);
      if (!upload.complete) return;
      this.#answers.send(id, kind, { $case: "uploaded", value: upload.finish() });
    } catch (error) {
      this.#answers.fail(id, kind, "upload", error);
    }
    this.#ended(id);
  }

  #beginUpload(id: string): Uploading {
    this.#checkRoom(id);
    const upload = this.#service.upload();
    this.#uploads.set(id, upload);
    this.#inFlight.set(id, { stop: () => upload.abort() });
    return upload;
  }

  /** Waits for a job whose request is still being checked, its id in use from now on. Never rejects. */
  async #open(
    id: string,
    kind: FrameKind,
    call: CallName,
    opening: Promise<OpenJob>,
  ): Promise<void> {
    let leftForGood: boolean | undefined;
    const stop = (forGood: boolean): void => {
      leftForGood = forGood;
    };
    this.#inFlight.set(id, { stop });
    try {
      const open = await opening;
      if (leftForGood === undefined) {
        this.#follow(id, kind, call, open);
        return;
      }
      open.leave(leftForGood);
    } catch (error) {
      if (leftForGood === undefined) this.#answers.fail(id, kind, call, error);
    }
    this.#ended(id);
  }

  #follow(id: string, kind: FrameKind, call: CallName, open: OpenJob): void {
    const followed = new FollowedJob({ id, kind, call }, open, this.#answers, this.#ended);
    this.#inFlight.set(id, followed);
    followed.follow();
  }

  #endRequest(id: string): void {
    const { leftBy } = this.#inFlight.get(id) ?? {};
    if (leftBy !== undefined) {
      this.#answers.send(id, leftBy, { $case: "left", value: { left: true } });
    }
    this.#inFlight.delete(id);
    this.#uploads.delete(id);
    if (this.#draining) this.drain();
  }
}
