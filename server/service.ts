import type {
  CancelRequest,
  CancelResponse,
  DecodeRequest,
  EncodeRequest,
  JobEvent,
  ListModelsResponse,
  LogLikelihoodRequest,
  SampleRequest,
  UploadRequest,
  UploadResponse,
  WatchRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";

/** One reader's way through a job's events. */
export interface EventReader extends AsyncIterableIterator<JobEvent, undefined, undefined> {
  /**
   * The next event, as soon as there is one. To be called again when it has been answered.
   *
   * @throws ServerError, as the last thing, when the job failed or was cancelled
   */
  next(): Promise<IteratorResult<JobEvent, undefined>>;
  /** Reads no more: a `next` that waits is done at once. */
  close(): void;
  readonly closed: boolean;
}

/** A job as a front end sees it. */
export interface JobView {
  readonly id: string;
  /**
   * The job's events after `afterSequence`, as they come. Pull-based: a consumer that is slow to ask finds that
   * previews and progress have been replaced by newer ones of the same row; no other event is ever missed.
   * Done after `completed`.
   */
  events(afterSequence: bigint): EventReader;
  /**
   * A caller that started the job has gone: the last one's leaving cancels it, unless it was asked for as `detached`.
   *
   * @param forGood the caller will not come back: a detached job is cancelled too, unless someone watches it
   */
  leave(forGood: boolean): void;
  /** Someone who did not start the job begins to read its events. */
  watch(): void;
  /**
   * The same has gone, and the job goes on.
   *
   * @param forGood unless all have gone: a detached job is cancelled where no caller is there and nobody else watches
   */
  unwatch(forGood: boolean): void;
}

/** An upload while it comes. Once one of its methods has thrown, it is over and holds nothing. */
export interface Uploading {
  /** All bytes that the header promised have come. */
  readonly complete: boolean;
  /** Takes the next part. @throws ServerError "invalid-argument", "too-large", "upload-store-full", "deadline-exceeded" */
  take(part: UploadRequest): void;
  /** The end. @throws ServerError "invalid-argument" where bytes are missing or are not what the header says */
  finish(): UploadResponse;
  /** The caller has gone: frees what has come. Nothing happens after the end. */
  abort(): void;
}

/**
 * What both front ends serve: requests in, jobs and responses out, no transport in sight.
 * Every method throws ServerError and nothing else.
 */
export interface Service {
  /** False while it starts, drains or has no working device. */
  readonly ready: boolean;
  listModels(): ListModelsResponse;
  /**
   * The four tasks. Each resolves when the request has been checked, its pictures read, and its job taken on.
   *
   * @throws ServerError "invalid-argument", "model-not-found", "capability-missing", "upload-not-found", "too-large",
   *   "queue-full", "shutting-down"
   */
  sample(request: SampleRequest): Promise<JobView>;
  encode(request: EncodeRequest): Promise<JobView>;
  decode(request: DecodeRequest): Promise<JobView>;
  logLikelihood(request: LogLikelihoodRequest): Promise<JobView>;
  /** @throws ServerError "job-not-found" */
  watch(request: WatchRequest): JobView;
  /** @throws ServerError "job-not-found"; "invalid-argument" for an image that the job does not have, and then none is cancelled */
  cancel(request: CancelRequest): CancelResponse;
  /** Begins an upload. Whoever calls this ends it, by `finish` or `abort`. @throws ServerError "shutting-down" */
  upload(): Uploading;
}
