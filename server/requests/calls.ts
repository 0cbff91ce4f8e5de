import type {
  ClientFrame,
  JobOptions,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { JobView, Service } from "../service.ts";
import { checkPartBytes } from "./parts.ts";

/** What a frame may ask: a call of the contract, or to leave a request of its socket. */
export type FrameRequest = NonNullable<ClientFrame["request"]>;

/** A request of the contract, whichever way it came. */
export type ClientRequest = Exclude<FrameRequest, { $case: "leave" }>;

/** A call of the contract, by the name of its field in ClientFrame. */
export type CallName = ClientRequest["$case"];

/** A job whose events a caller is to get. */
export interface OpenJob {
  readonly job: JobView;
  /** Send the events after this one; 0: all. */
  readonly afterSequence: bigint;
  /** Pictures and latents of more bytes are sent in parts of at most so many; 0: whole. */
  readonly partBytes: number;
  /**
   * The caller has gone before the job's end. Called once at most.
   *
   * @param forGood as `JobView.leave` and `JobView.unwatch` take it
   */
  leave(forGood: boolean): void;
}

/** A job that its caller has started. @throws ServerError as the task does, which has checked the options */
export async function openOwned(
  starting: Promise<JobView>,
  options: JobOptions | undefined,
): Promise<OpenJob> {
  const job = await starting;
  const partBytes = options?.partBytes ?? 0;
  return { job, afterSequence: 0n, partBytes, leave: (forGood) => job.leave(forGood) };
}

/** A job that its caller only watches. @throws ServerError as `Service.watch`; "invalid-argument" for its part_bytes */
export function openWatch(service: Service, request: WatchRequest): OpenJob {
  const partBytes = checkPartBytes("part_bytes", request.partBytes);
  const job = service.watch(request);
  job.watch();
  const { afterSequence } = request;
  return { job, afterSequence, partBytes, leave: (forGood) => job.unwatch(forGood) };
}
