import type { ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { type ClientRequest, type OpenJob, openOwned, openWatch } from "../requests/calls.ts";
import type { Service } from "../service.ts";

/** What a frame answers with. */
export type Response = NonNullable<ServerFrame["response"]>;

/**
 * Serves a request that is one frame: one answer, or a job whose events are to follow.
 *
 * @throws ServerError as the service does
 */
export function dispatch(
  service: Service,
  request: Exclude<ClientRequest, { $case: "upload" }>,
): Response | OpenJob | Promise<OpenJob> {
  switch (request.$case) {
    case "listModels":
      return { $case: "models", value: service.listModels() };
    case "cancel":
      return { $case: "cancelled", value: service.cancel(request.value) };
    case "sample":
      return openOwned(service.sample(request.value), request.value.options);
    case "encode":
      return openOwned(service.encode(request.value), request.value.options);
    case "decode":
      return openOwned(service.decode(request.value), request.value.options);
    case "logLikelihood":
      return openOwned(service.logLikelihood(request.value), request.value.options);
    case "watch":
      return openWatch(service, request.value);
  }
}
