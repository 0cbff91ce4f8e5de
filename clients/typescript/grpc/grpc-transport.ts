import { type ClientReadableStream, credentials, Client as GrpcClient } from "@grpc/grpc-js";
import type {
  CancelResponse,
  JobEvent,
  ListModelsResponse,
  UploadRequest,
  UploadResponse,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { EventStream, TaskRequest, Transport, WatchRequest } from "../core/transport.ts";
import { CallStream } from "./call-stream.ts";
import { fromGrpc } from "./grpc-error.ts";
import { METHODS, type Method } from "./methods.ts";
import { sendUpload } from "./send-upload.ts";

/** The contract over gRPC. A stream that is left is cancelled, which the server notices. */
export class GrpcTransport implements Transport {
  readonly resumes = false;
  readonly #client: GrpcClient;

  /** @param target host and port, such as `127.0.0.1:50051` */
  constructor(target: string) {
    this.#client = new GrpcClient(target, credentials.createInsecure(), {
      // The answers' sizes are the models'; gRPC's own limit is 4 MiB.
      "grpc.max_receive_message_length": -1,
      // How long to wait before a call is made again is the client's to say; gRPC's own first wait is 1 s.
      "grpc.initial_reconnect_backoff_ms": 100,
    });
  }

  listModels(): Promise<ListModelsResponse> {
    return this.#answer(METHODS.listModels, {});
  }

  cancel(jobId: string, rows: readonly number[] = []): Promise<CancelResponse> {
    return this.#answer(METHODS.cancel, { jobId, rows: [...rows] });
  }

  events(request: TaskRequest | WatchRequest): EventStream {
    return new CallStream(this.#stream(request));
  }

  upload(parts: Iterable<UploadRequest>, signal: AbortSignal | undefined): Promise<UploadResponse> {
    return sendUpload(this.#client, parts, signal);
  }

  close(): void {
    this.#client.close();
  }

  #stream(request: TaskRequest | WatchRequest): ClientReadableStream<JobEvent> {
    switch (request.$case) {
      case "sample":
        return this.#startStream(METHODS.sample, request.value);
      case "encode":
        return this.#startStream(METHODS.encode, request.value);
      case "decode":
        return this.#startStream(METHODS.decode, request.value);
      case "logLikelihood":
        return this.#startStream(METHODS.logLikelihood, request.value);
      case "watch":
        return this.#startStream(METHODS.watch, request.value);
    }
  }

  #startStream<Asked>(
    { path, serialize, deserialize }: Method<Asked, JobEvent>,
    request: Asked,
  ): ClientReadableStream<JobEvent> {
    return this.#client.makeServerStreamRequest(path, serialize, deserialize, request);
  }

  #answer<Asked, Answer>(
    { path, serialize, deserialize }: Method<Asked, Answer>,
    request: Asked,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, serialize, deserialize, request, (error, answer) => {
        if (error !== null) reject(fromGrpc(error));
        else if (answer !== undefined) resolve(answer);
      });
    });
  }
}
