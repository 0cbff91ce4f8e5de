import type { Logger } from "pino";
import type { RawData, WebSocket } from "ws";
import type { JobEvent, ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { duration } from "../engine/duration.ts";
import { ServerError } from "../errors.ts";
import {
  type CallName,
  type ClientRequest,
  type OpenJob,
  openSample,
  openWatch,
  unimplemented,
} from "../requests/calls.ts";
import { GRPC_STATUS } from "../requests/grpc-status.ts";
import { pump } from "../requests/pump.ts";
import { report } from "../requests/report.ts";
import { wrongValue } from "../requests/seen.ts";
import type { Service } from "../service.ts";
import { CLOSE } from "./close-codes.ts";
import { type FrameKind, readFrame, writeFrame } from "./frame.ts";
import { Outbox, type OutboxLimits } from "./outbox.ts";

type Response = NonNullable<ServerFrame["response"]>;

/** Requests that one socket may have in flight. */
export interface ConnectionLimits extends OutboxLimits {
  readonly maxRequests: number;
}

/** One socket and its requests in flight. Ends with the socket, and then leaves every job that it started. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #service: Service;
  readonly #limits: ConnectionLimits;
  readonly #log: Logger;
  readonly #outbox: Outbox;
  /** By id: what stops each request that sends a job's events. */
  readonly #inFlight = new Map<string, () => void>();
  #draining = false;
  #closed = false;
  /** Whether anything came since the last heartbeat. */
  #heard = true;

  constructor(socket: WebSocket, service: Service, limits: ConnectionLimits, log: Logger) {
    this.#socket = socket;
    this.#service = service;
    this.#limits = limits;
    this.#log = log;
    this.#outbox = new Outbox(socket, limits, () => {
      log.warn({ slowReaderMs: limits.slowReaderMs }, "closing a socket that takes nothing");
      this.close(CLOSE.slowReader, "the reader is too slow");
    });
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary ? "binary" : "text"));
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
    this.#outbox.close();
    for (const stop of this.#inFlight.values()) stop();
    this.#inFlight.clear();
  }

  #receive(data: RawData, kind: FrameKind): void {
    this.#heard = true;
    // Frames still come until the peer has answered our close.
    if (this.#closed) return;
    // With the default binaryType every message is one Buffer.
    const frame = readFrame(Buffer.isBuffer(data) ? data : Buffer.alloc(0), kind);
    if ("error" in frame) this.#fail(frame.id, kind, "frame", frame.error);
    else this.#serve(frame.id, kind, frame.request);
  }

  #serve(id: string, kind: FrameKind, request: ClientRequest): void {
    try {
      this.#checkRoom(id);
      const answer = dispatch(this.#service, request);
      if ("job" in answer) this.#follow(id, kind, request.$case, answer);
      else this.#send(id, kind, answer);
    } catch (error) {
      this.#fail(id, kind, request.$case, error);
    }
  }

  #checkRoom(id: string): void {
    if (this.#inFlight.has(id)) {
      throw wrongValue("id", id, "one that no request in flight on this socket has; that one goes on");
    }
    const { maxRequests } = this.#limits;
    if (this.#inFlight.size >= maxRequests) {
      throw new ServerError("queue-full", `this socket has ${maxRequests} requests in flight, the most it may`);
    }
  }

  /** Sends a job's events under the request's id until the job or the socket ends. */
  #follow(id: string, kind: FrameKind, call: CallName, open: OpenJob): void {
    const gone = new AbortController();
    this.#inFlight.set(id, () => {
      gone.abort();
      if (open.owned) open.job.leave();
    });
    const sink = {
      room: () => this.#outbox.room(),
      send: (event: JobEvent) => this.#send(id, kind, { $case: "event", value: event }),
    };
    pump(open, sink, gone.signal)
      .catch((error: unknown) => this.#fail(id, kind, call, error))
      .finally(() => this.#ended(id));
  }

  #ended(id: string): void {
    this.#inFlight.delete(id);
    if (this.#draining) this.drain();
  }

  #send(id: string, kind: FrameKind, response: Response): void {
    this.#outbox.send(writeFrame({ id, response }, kind));
  }

  #fail(id: string, kind: FrameKind, call: CallName | "frame", thrown: unknown): void {
    const { code, message, retryAfterMs } = report(this.#log, call, thrown);
    const retryAfter = retryAfterMs === undefined ? undefined : duration(retryAfterMs);
    const value = { code, grpcStatus: GRPC_STATUS[code], message, retryAfter };
    this.#send(id, kind, { $case: "error", value });
  }
}

function dispatch(service: Service, request: ClientRequest): Response | OpenJob {
  switch (request.$case) {
    case "listModels":
      return { $case: "models", value: service.listModels() };
    case "cancel":
      return { $case: "cancelled", value: service.cancel(request.value) };
    case "sample":
      return openSample(service, request.value);
    case "watch":
      return openWatch(service, request.value);
    case "encode":
    case "decode":
    case "logLikelihood":
    case "upload":
      throw unimplemented(request.$case);
  }
}
