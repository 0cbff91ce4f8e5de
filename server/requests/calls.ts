import type {
  ClientFrame,
  SampleRequest,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
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

/** @throws ServerError as `Service.sample` */
export function openSample(service: Service, request: SampleRequest): OpenJob {
  return { job: service.sample(request), afterSequence: 0n, owned: true };
}

/** A caller that only watches cancels nothing by leaving. @throws ServerError as `Service.watch` */
export function openWatch(service: Service, request: WatchRequest): OpenJob {
  return { job: service.watch(request), afterSequence: request.afterSequence, owned: false };
}

/** The calls of the contract that this version does not serve. */
const UNSERVED = {
  encode: "Encode",
  decode: "Decode",
  logLikelihood: "LogLikelihood",
  upload: "Upload",
} as const;

/** What a call that is not served yet answers. */
export function unimplemented(call: keyof typeof UNSERVED): ServerError {
  return new ServerError(
    "unimplemented",
    `${UNSERVED[call]}: this version of the server does not serve it; it serves ListModels, Sample, Watch and Cancel`,
  );
}
