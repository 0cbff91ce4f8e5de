import { once } from "node:events";
import { WebSocket } from "ws";
import { ClientFrame, ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { type Deferred, deferred } from "./deferred.ts";

/** A frame as it came: its kind, and what it says (its JSON too, where it was text). */
export interface Got {
  readonly kind: "text" | "binary";
  readonly frame: ServerFrame;
  readonly json: unknown;
}

/** A WebSocket of a test: sends requests and hands out the answers in order. */
export class WsClient {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #arrived: Got[] = [];
  /** Something has come, or nothing will any more. */
  #more: Deferred<void> = deferred();
  /** Why nothing will. */
  #over: string | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.#over = `the socket was closed with ${code} (${reason.toString()})`;
        // First: who races `closed` against a frame is told of the close, not of the frame that never came.
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
    socket.on("error", () => undefined); // the close says it
    socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) throw new Error("expected one Buffer");
      const json: unknown = isBinary ? undefined : JSON.parse(data.toString());
      const frame = isBinary ? ServerFrame.decode(data) : ServerFrame.fromJSON(json);
      this.#arrived.push({ kind: isBinary ? "binary" : "text", frame, json });
      this.#wake();
    });
  }

  #wake(): void {
    const more = this.#more;
    this.#more = deferred();
    more.resolve();
  }

  /** Waits for more. @throws Error that tells the close code where the socket has closed */
  async #wait(): Promise<void> {
    if (this.#over !== undefined) throw new Error(this.#over);
    await this.#more.promise;
  }

  static async connect(port: number, path = "/v1/stream"): Promise<WsClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    const client = new WsClient(socket);
    await once(socket, "open");
    return client;
  }

  send(raw: string | Uint8Array): void {
    this.socket.send(raw, { binary: typeof raw !== "string" });
  }

  sendJson(json: unknown): void {
    this.send(JSON.stringify(json));
  }

  sendBinary(frame: ClientFrame): void {
    this.send(ClientFrame.encode(frame).finish());
  }

  /** The next frame that has come or comes. @throws Error where the socket closes before */
  async next(): Promise<Got> {
    for (;;) {
      const got = this.#arrived.shift();
      if (got !== undefined) return got;
      await this.#wait();
    }
  }

  /** The next frame of one id; frames of other ids stay where they are. @throws as `next` */
  async nextOf(id: string): Promise<Got> {
    for (;;) {
      const index = this.#arrived.findIndex(({ frame }) => frame.id === id);
      const got = index < 0 ? undefined : this.#arrived.splice(index, 1)[0];
      if (got !== undefined) return got;
      await this.#wait();
    }
  }

  /** The frames of one id up to its `completed` or its error. @throws as `next` */
  async readAll(id: string): Promise<Got[]> {
    const mine: Got[] = [];
    for (;;) {
      const got = await this.nextOf(id);
      mine.push(got);
      if (isLast(got.frame)) return mine;
    }
  }
}

function isLast({ response }: ServerFrame): boolean {
  return response?.$case !== "event" || response.value.event?.$case === "completed";
}
