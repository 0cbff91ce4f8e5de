import { type ServiceError, status } from "@grpc/grpc-js";
import { ScoreStreamError } from "../core/scorestream-error.ts";

/** An error of grpc-js as the client's own, with the server's code out of the trailer. grpc-js's is the `cause`. */
export function fromGrpc(cause: ServiceError): ScoreStreamError {
  const trailer = (name: string): string => String(cause.metadata.get(name)[0] ?? "");
  const retryAfterMs = trailer("retry-after-ms");
  return new ScoreStreamError({
    code: trailer("scorestream-code"),
    status: status[cause.code] ?? "UNKNOWN",
    message: cause.details,
    retryAfterMs: retryAfterMs === "" ? undefined : Number(retryAfterMs),
    cause,
  });
}
