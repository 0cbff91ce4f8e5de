import type {
  CancelResponse,
  ClientFrame,
  JobEvent,
  ListModelsResponse,
  UploadRequest,
  UploadResponse,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** What can be asked for; the WebSocket's envelope names every call. */
export type Request = NonNullable<ClientFrame["request"]>;
/** A request that starts a job. */
export type TaskRequest = Extract<
  Request,
  { $case: "sample" | "encode" | "decode" | "logLikelihood" }
>;
export type WatchRequest = Extract<Request, { $case: "watch" }>;

/** The events of one call. One reader, one `next` at a time. */
export interface EventStream {
  /**
   * The next event; undefined after `completed` and after `leave`, which a pending `next` obeys too.
   *
   * @throws ScoreStreamError, also one that came before it was asked for
   */
  next(): Promise<JobEvent | undefined>;
  /** Nothing more is read. Idempotent. */
  leave(): void;
}

/**
 * A way to a server. Sends what it is told once and answers with what came: trying again, coming back to jobs and
 * cancelling them is the client's part, and the same over every transport.
 */
export interface Transport {
  /** Whether the server notices that a stream was left, and then ends the job that it started. */
  readonly leavingEndsJobs: boolean;
  /** Whether jobs are come back to after a lost connection, where the caller does not say. */
  readonly resumes: boolean;
  /** @throws ScoreStreamError */
  listModels(): Promise<ListModelsResponse>;
  /** @throws ScoreStreamError */
  cancel(jobId: string): Promise<CancelResponse>;
  /** Sends the request at once. Failures come out of the stream. */
  events(request: TaskRequest | WatchRequest): EventStream;
  /**
   * Sends an upload part by part, no faster than it is taken.
   *
   * @param signal ends it
   * @throws ScoreStreamError
   */
  upload(parts: Iterable<UploadRequest>, signal: AbortSignal | undefined): Promise<UploadResponse>;
  /** Lets the connection go; what was sent still arrives. Calls in flight fail or end. */
  close(): void;
}
