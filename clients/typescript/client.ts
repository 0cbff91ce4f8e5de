import { credentials } from "@grpc/grpc-js";
import {
  type CancelResponse,
  type JobEvent,
  type ListModelsResponse,
  SampleRequest,
  ScoreStreamClient,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";

/** What a call may be given. */
export interface CallOptions {
  /** Ends the call; a job that is not detached is cancelled. */
  readonly signal?: AbortSignal;
}

/** A scorestream server over gRPC, with the events of a job as an async iterable. */
export class Client {
  readonly #stub: ScoreStreamClient;

  /** @param target host and port, such as `127.0.0.1:50051` */
  constructor(target: string) {
    this.#stub = new ScoreStreamClient(target, credentials.createInsecure());
  }

  /** @throws ServiceError of grpc-js */
  listModels(): Promise<ListModelsResponse> {
    return new Promise((resolve, reject) => {
      this.#stub.listModels({}, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  /**
   * Starts a sampling job. Fields that are left out take the model's defaults.
   *
   * @returns accepted, then progress and previews, one result a sample, and completed
   * @throws ServiceError of grpc-js, while the events are read
   */
  sample(
    request: Parameters<typeof SampleRequest.fromPartial>[0],
    options: CallOptions = {},
  ): AsyncIterable<JobEvent> {
    const call = this.#stub.sample(SampleRequest.fromPartial(request));
    options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
    return call;
  }

  /** Attaches to a job again, from the event after `afterSequence`. @throws as `sample` */
  watch(jobId: string, afterSequence = 0n, options: CallOptions = {}): AsyncIterable<JobEvent> {
    const call = this.#stub.watch(WatchRequest.fromPartial({ jobId, afterSequence }));
    options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
    return call;
  }

  /** @throws ServiceError of grpc-js */
  cancel(jobId: string): Promise<CancelResponse> {
    return new Promise((resolve, reject) => {
      this.#stub.cancel({ jobId }, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  }

  close(): void {
    this.#stub.close();
  }
}
