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
  /**
   * Nothing more is read, and the server notices: a job that the request started ends, unless it is detached or others
   * have asked for it too. Idempotent.
   */
  leave(): void;
  /**
   * The same, and a detached job ends too, unless someone else follows it. Absent where the transport can't say it: such a
   * job is to be cancelled by its id, for all.
   *
   * @returns whether the server knows it, or the job has ended; false where the connection is lost
   */
  leaveForGood?(): Promise<boolean>;
}

/**
 * A way to a server. Sends what it is told once and answers with what came: trying again, coming back to jobs and
 * cancelling them is the client's part, and the same over every transport.
 */
export interface Transport {
  /** Whether jobs are come back to after a lost connection, where the caller does not say. */
  readonly resumes: boolean;
  /** @throws ScoreStreamError */
  listModels(): Promise<ListModelsResponse>;
  /** @param rows the images to end; none: the whole job @throws ScoreStreamError */
  cancel(jobId: string, rows?: readonly number[]): Promise<CancelResponse>;
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
