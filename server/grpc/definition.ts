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
import { asServerError, ServerError } from "../errors.ts";
import { messageType } from "../requests/contract.ts";
import { decode } from "../requests/decode.ts";

/** A request as it came. */
export class Received<T> {
  #request: { readonly value: T } | { readonly error: ServerError } | undefined;

  constructor(request: { readonly value: T } | { readonly error: ServerError }) {
    this.#request = request;
  }

  /**
   * The request, once: grpc-js keeps what it was given until the call ends, and a request may have pictures.
   *
   * @throws ServerError that says what is wrong with the request
   */
  take(): T {
    const request = this.#request;
    this.#request = undefined;
    if (request === undefined) throw new ServerError("internal", "a request was read twice");
    if ("error" in request) throw request.error;
    return request.value;
  }
}

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
    return new Received({ value: decode(type, codec, bytes) });
  } catch (error) {
    return new Received<T>({ error: asServerError(error) });
  }
}
