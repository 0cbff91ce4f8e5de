import type {
  CancelRequest,
  CancelResponse,
  JobEvent,
  ListModelsResponse,
  SampleRequest,
  WatchRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";

/** A job as a front end sees it. */
export interface JobView {
  readonly id: string;
  /**
   * The job's events after `afterSequence`, as they come. Pull-based: a consumer that is slow to ask finds that
   * previews and progress have been replaced by newer ones of the same row; no other event is ever missed.
   * Returns after `completed`.
   *
   * @throws ServerError, as the last thing, when the job failed or was cancelled.
   */
  events(afterSequence: bigint, signal: AbortSignal): AsyncGenerator<JobEvent, void, undefined>;
  /** The caller that started the job has gone: cancels it, unless it was asked for as `detached`. */
  leave(): void;
}

/**
 * What both front ends serve: requests in, jobs and responses out, no transport in sight.
 * Every method throws ServerError and nothing else.
 */
export interface Service {
  /** False while it starts, drains or has no working device. */
  readonly ready: boolean;
  listModels(): ListModelsResponse;
  /** @throws ServerError "invalid-argument", "model-not-found", "capability-missing", "queue-full", "shutting-down" */
  sample(request: SampleRequest): JobView;
  /** @throws ServerError "job-not-found" */
  watch(request: WatchRequest): JobView;
  /** @throws ServerError "job-not-found" */
  cancel(request: CancelRequest): CancelResponse;
}
