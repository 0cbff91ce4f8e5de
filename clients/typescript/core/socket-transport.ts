import type {
  CancelResponse,
  ListModelsResponse,
  UploadRequest,
  UploadResponse,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { EventQueue } from "./event-queue.ts";
import { aborted } from "./retry.ts";
import { cancelledByCaller, type ScoreStreamError } from "./scorestream-error.ts";
import type { OpenSocket } from "./socket.ts";
import { type Answering, type Response, SocketConnection } from "./socket-connection.ts";
import type { EventStream, Request, TaskRequest, Transport, WatchRequest } from "./transport.ts";

/** The contract over a WebSocket, in protobuf frames. All calls share one socket; one that was lost is opened again. */
export class SocketTransport implements Transport {
  readonly resumes = true;
  readonly #url: string;
  readonly #open: OpenSocket;
  #connection: SocketConnection | undefined;

  /** Connects with the first call. */
  constructor(url: string, open: OpenSocket) {
    this.#url = url;
    this.#open = open;
  }

  listModels(): Promise<ListModelsResponse> {
    return this.#answer({ $case: "listModels", value: {} }, (response) =>
      response.$case === "models" ? response.value : undefined,
    );
  }

  cancel(jobId: string, rows: readonly number[] = []): Promise<CancelResponse> {
    const value = { jobId, rows: [...rows] };
    return this.#answer({ $case: "cancel", value }, (response) =>
      response.$case === "cancelled" ? response.value : undefined,
    );
  }

  events(request: TaskRequest | WatchRequest): EventStream {
    const connection = this.#connected();
    const queue = new EventQueue((forGood) => connection.leave(id, forGood));
    const id = connection.ask(request, {
      take: (response) => response.$case === "event" && queue.push(response.value),
      fail: (error) => queue.fail(error),
    });
    return queue;
  }

  upload(parts: Iterable<UploadRequest>, signal: AbortSignal | undefined): Promise<UploadResponse> {
    const connection = this.#connected();
    return new Promise((resolve, reject) => {
      const answer = new OneAnswer(
        (response) => (response.$case === "uploaded" ? response.value : undefined),
        resolve,
        reject,
      );
      sendParts(connection, parts, answer, signal).catch(reject);
    });
  }

  close(): void {
    this.#connection?.close(cancelledByCaller("the client was closed"));
  }

  #answer<T>(request: Request, pick: Pick<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#connected().ask(request, new OneAnswer(pick, resolve, reject));
    });
  }

  #connected(): SocketConnection {
    this.#connection ??= new SocketConnection(this.#url, this.#open, () => {
      this.#connection = undefined;
    });
    return this.#connection;
  }
}

/** What a call is answered with, out of a response that has it. */
type Pick<T> = (response: Response) => T | undefined;

/** Waits for an answer that is one message. */
class OneAnswer<T> implements Answering {
  /** Whether it came, or never will. */
  isOver = false;
  readonly #pick: Pick<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(pick: Pick<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.#pick = pick;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  take(response: Response): boolean {
    this.isOver = true;
    const value = this.#pick(response);
    if (value !== undefined) this.#resolve(value);
    else this.#reject(new TypeError(`the server answered another call: ${response.$case}`));
    return true;
  }

  fail(error: ScoreStreamError): void {
    this.isOver = true;
    this.#reject(error);
  }
}

/** Sends parts until all have left, or a refusal has come. @throws ScoreStreamError "CANCELLED" by the signal */
async function sendParts(
  connection: SocketConnection,
  parts: Iterable<UploadRequest>,
  answer: OneAnswer<UploadResponse>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let id: string | undefined;
  for (const value of parts) {
    if (answer.isOver) return;
    if (signal?.aborted) {
      if (id !== undefined) void connection.leave(id, false);
      throw aborted(signal);
    }
    const request = { $case: "upload", value } as const;
    if (id === undefined) id = connection.ask(request, answer);
    else connection.send(id, request);
    await connection.room();
  }
}
