import type { DescMessage } from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import {
  CancelRequest,
  DecodeRequest,
  EncodeRequest,
  ListModelsRequest,
  LogLikelihoodRequest,
  type MessageFns,
  SampleRequest,
  ScoreStreamService,
  UploadRequest,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { asServerError, type ServerError } from "../errors.ts";
import { messageType } from "../requests/contract.ts";
import { decode } from "../requests/decode.ts";

/** A request, or why its bytes are none. */
export type Received<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ServerError };

/**
 * The service with requests checked as the WebSocket checks them. A decoder that throws makes grpc-js answer
 * INTERNAL, so a bad request is handed on to its handler, which answers with our status and trailers.
 */
export const scoreStreamDefinition: ServiceDefinition = {
  ...ScoreStreamService,
  listModels: checked(ScoreStreamService.listModels, "ListModelsRequest", ListModelsRequest),
  sample: checked(ScoreStreamService.sample, "SampleRequest", SampleRequest),
  encode: checked(ScoreStreamService.encode, "EncodeRequest", EncodeRequest),
  decode: checked(ScoreStreamService.decode, "DecodeRequest", DecodeRequest),
  logLikelihood: checked(
    ScoreStreamService.logLikelihood,
    "LogLikelihoodRequest",
    LogLikelihoodRequest,
  ),
  watch: checked(ScoreStreamService.watch, "WatchRequest", WatchRequest),
  cancel: checked(ScoreStreamService.cancel, "CancelRequest", CancelRequest),
  upload: checked(ScoreStreamService.upload, "UploadRequest", UploadRequest),
};

function checked<Request, Response>(
  method: MethodDefinition<Request, Response>,
  name: string,
  codec: MessageFns<Request>,
): Omit<MethodDefinition<Request, Response>, "requestDeserialize"> & {
  requestDeserialize(bytes: Buffer): Received<Request>;
} {
  const type = messageType(name);
  return { ...method, requestDeserialize: (bytes) => receive(type, codec, bytes) };
}

function receive<T>(type: DescMessage, codec: MessageFns<T>, bytes: Buffer): Received<T> {
  try {
    return { ok: true, value: decode(type, codec, bytes) };
  } catch (error) {
    return { ok: false, error: asServerError(error) };
  }
}

/** @throws ServerError that says what is wrong with the request */
export function unwrap<T>(received: Received<T>): T {
  if (!received.ok) throw received.error;
  return received.value;
}
