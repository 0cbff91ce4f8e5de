import {
  ClientFrame,
  type Error as ErrorFrame,
  ServerFrame,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { sleep } from "./retry.ts";
import { connectionLost, ScoreStreamError } from "./scorestream-error.ts";
import type { OpenSocket, Socket } from "./socket.ts";

/** What a request of the envelope may be, uploads' parts too. */
type FrameRequest = NonNullable<ClientFrame["request"]>;
export type Response = Exclude<NonNullable<ServerFrame["response"]>, { $case: "error" }>;

/** Whoever waits for what a request is answered with. */
export interface Answering {
  /** @returns whether it was the last */
  take(response: Response): boolean;
  fail(error: ScoreStreamError): void;
}

/** A server that has not answered so long after being asked to connect is not there, in ms. */
const CONNECT_TIMEOUT_MS = 15_000;
/** Parts of an upload wait while more than this has not left, in bytes; asked again after so long, in ms. */
const BUFFERED_BYTES = 1 << 20;
const ASK_AGAIN_MS = 5;

/** A close code that says that a frame was over what the server takes; the connection is as good as before. */
const TOO_BIG = 1009;
/** Close codes that say that this client does not keep to the protocol: it would not do better the next time. */
const NOT_THE_PROTOCOL: readonly number[] = [1002, 1003, 1007, 1010];

interface InFlight {
  answering: Answering;
  /** Of the largest frame that was sent for it. */
  frameBytes: number;
}

/** One socket and the requests in flight on it. When it is lost they all fail, and it is of no more use. */
export class SocketConnection {
  readonly #socket: Socket;
  readonly #url: string;
  readonly #onLost: () => void;
  readonly #inFlight = new Map<string, InFlight>();
  /** What is to be sent once the socket is open. */
  #unsent: Uint8Array<ArrayBuffer>[] | undefined = [];
  #lastId = 0;
  #isLost = false;

  /** @param onLost called once */
  constructor(url: string, open: OpenSocket, onLost: () => void) {
    this.#url = url;
    this.#onLost = onLost;
    this.#socket = open(url);
    this.#socket.binaryType = "arraybuffer";
    const timer = setTimeout(() => {
      this.#lose(connectionLost(`${url} did not answer within ${CONNECT_TIMEOUT_MS} ms`));
    }, CONNECT_TIMEOUT_MS);
    this.#socket.addEventListener("open", () => {
      clearTimeout(timer);
      for (const bytes of this.#unsent ?? []) this.#socket.send(bytes);
      this.#unsent = undefined;
    });
    this.#socket.addEventListener("message", ({ data }) => this.#receive(data));
    // A close follows, which tells browsers no less.
    let cause: unknown;
    this.#socket.addEventListener("error", (event) => {
      cause = "error" in event ? event.error : undefined;
    });
    this.#socket.addEventListener("close", ({ code, reason }) => {
      clearTimeout(timer);
      if (code === TOO_BIG) this.#failLargest();
      this.#lose(this.#closing(code, reason, cause));
    });
  }

  /** Sends a request under an id of its own. @returns the id, which is in use until the last answer */
  ask(request: FrameRequest, answering: Answering): string {
    this.#lastId++;
    const id = String(this.#lastId);
    this.#inFlight.set(id, { answering, frameBytes: 0 });
    this.send(id, request);
    return id;
  }

  /** Sends a part more of a request in flight. */
  send(id: string, request: FrameRequest): void {
    const bytes = ClientFrame.encode({ id, request }).finish();
    const asked = this.#inFlight.get(id);
    if (asked !== undefined) asked.frameBytes = Math.max(asked.frameBytes, bytes.length);
    if (this.#unsent !== undefined) this.#unsent.push(bytes);
    else this.#socket.send(bytes);
  }

  /** Resolves when more may be sent: at once, or when enough of what was sent has left, or the socket is lost. */
  async room(): Promise<void> {
    while (
      !this.#isLost &&
      (this.#unsent !== undefined || this.#socket.bufferedAmount > BUFFERED_BYTES)
    ) {
      await sleep(ASK_AGAIN_MS, undefined);
    }
  }

  /**
   * Leaves a request in flight: what still comes for it is dropped.
   *
   * @param forGood a job that it started or watches ends though it is detached, unless someone else follows it
   * @returns whether the server knows it; false once the connection is lost
   */
  leave(id: string, forGood: boolean): Promise<boolean> {
    const asked = this.#inFlight.get(id);
    if (asked === undefined) return Promise.resolve(!this.#isLost);
    return new Promise((resolve) => {
      asked.answering = {
        take: ({ $case }) => {
          if ($case === "left") resolve(true);
          return $case === "left";
        },
        fail: (error) => resolve(!error.isConnectionLost),
      };
      this.send(id, { $case: "leave", value: { forGood } });
    });
  }

  /** What was sent still arrives; requests in flight fail. */
  close(error: ScoreStreamError): void {
    this.#lose(error);
  }

  #closing(code: number, reason: string, cause: unknown): ScoreStreamError {
    if (this.#unsent !== undefined) return connectionLost(`no connection to ${this.#url}`, cause);
    const why = reason === "" ? String(code) : `${code}, ${reason}`;
    const message = `the connection to ${this.#url} was lost: ${why}`;
    return NOT_THE_PROTOCOL.includes(code)
      ? new ScoreStreamError({ code: "", status: "INTERNAL", message, cause })
      : connectionLost(message, cause);
  }

  /** The server does not say whose frame it was; the others' requests may be sent again, and this one not. */
  #failLargest(): void {
    const [id, largest] =
      [...this.#inFlight].toSorted(([, a], [, b]) => b.frameBytes - a.frameBytes)[0] ?? [];
    if (id === undefined || largest === undefined) return;
    const message = `a frame of ${largest.frameBytes} bytes is more than the server takes (--max-frame-bytes)`;
    const error = { code: "too-large", status: "RESOURCE_EXHAUSTED", message };
    largest.answering.fail(new ScoreStreamError(error));
    this.#inFlight.delete(id);
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return; // a text frame: this client sends none, so it is answered with none
    const { id, response } = ServerFrame.decode(new Uint8Array(data));
    if (response === undefined) return; // of a later version
    if (response.$case === "error") {
      const error = errorOf(response.value);
      // Without an id the server could not read a frame of ours, and whose it was can't be told.
      if (id === "") this.#lose(error);
      else this.#inFlight.get(id)?.answering.fail(error);
      this.#inFlight.delete(id);
    } else if (this.#inFlight.get(id)?.answering.take(response)) {
      this.#inFlight.delete(id);
    }
  }

  #lose(error: ScoreStreamError): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#socket.close(1000);
    this.#onLost();
    for (const { answering } of this.#inFlight.values()) answering.fail(error);
    this.#inFlight.clear();
  }
}

function errorOf({ code, grpcStatus, message, retryAfter }: ErrorFrame): ScoreStreamError {
  const retryAfterMs =
    retryAfter && Number(retryAfter.seconds) * 1000 + Math.ceil(retryAfter.nanos / 1e6);
  return new ScoreStreamError({ code, status: grpcStatus, message, retryAfterMs });
}
