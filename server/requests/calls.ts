import type { ClientFrame, WatchRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { JobView, Service } from "../service.ts";

/** A request of the contract, whichever way it came. */
export type ClientRequest = NonNullable<ClientFrame["request"]>;

/** A call of the contract, by the name of its field in ClientFrame. */
export type CallName = ClientRequest["$case"];

/** A job whose events a caller is to get. */
export interface OpenJob {
  readonly job: JobView;
  /** Send the events after this one; 0: all. */
  readonly afterSequence: bigint;
  /** The caller started it: when the caller leaves, the job is left too. */
  readonly owned: boolean;
}

/** A job that its caller has started. @throws ServerError as the task does */
export async function openOwned(job: Promise<JobView>): Promise<OpenJob> {
  return { job: await job, afterSequence: 0n, owned: true };
}

/** A caller that only watches cancels nothing by leaving. @throws ServerError as `Service.watch` */
export function openWatch(service: Service, request: WatchRequest): OpenJob {
  return { job: service.watch(request), afterSequence: request.afterSequence, owned: false };
}
