import type { ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  type ClientRequest,
  type OpenJob,
  openSample,
  openWatch,
  unimplemented,
} from "../requests/calls.ts";
import type { Service } from "../service.ts";

/** What a frame answers with. */
export type Response = NonNullable<ServerFrame["response"]>;

/**
 * Serves a request: one answer, or a job whose events are to follow.
 *
 * @throws ServerError as the service does, and "unimplemented"
 */
export function dispatch(service: Service, request: ClientRequest): Response | OpenJob {
  switch (request.$case) {
    case "listModels":
      return { $case: "models", value: service.listModels() };
    case "cancel":
      return { $case: "cancelled", value: service.cancel(request.value) };
    case "sample":
      return openSample(service, request.value);
    case "watch":
      return openWatch(service, request.value);
    case "encode":
    case "decode":
    case "logLikelihood":
    case "upload":
      throw unimplemented(request.$case);
  }
}
