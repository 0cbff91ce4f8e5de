import type { MessageFns } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  CancelRequest,
  type DeepPartial,
  SampleRequest,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ErrorCode } from "../errors.ts";
import type { CallName } from "../requests/calls.ts";
import { messageType } from "../requests/contract.ts";
import { toProto3Json } from "../ws/write-json.ts";

/** A request that is to be refused, in the forms in which it can be sent, and how. */
export interface BadRequest {
  readonly name: string;
  readonly call: CallName;
  /** As protobuf: for gRPC, and for the WebSocket's binary frames. Absent where only JSON can say it. */
  readonly bytes?: Uint8Array;
  /** As proto3 JSON, for the WebSocket's text frames. Absent where only protobuf can say it. */
  readonly json?: unknown;
  readonly code: ErrorCode;
  readonly message: RegExp;
}

type Expected = readonly [code: ErrorCode, message: RegExp];

/** A sample request that protobuf and JSON can both say. */
export function badSample(
  name: string,
  request: DeepPartial<SampleRequest>,
  [code, message]: Expected,
): BadRequest {
  const sample = SampleRequest.fromPartial(request);
  const bytes = SampleRequest.encode(sample).finish();
  const json = toProto3Json(messageType("SampleRequest"), SampleRequest.toJSON(sample));
  return { name, call: "sample", bytes, json, code, message };
}

const REQUESTS = {
  encode: "EncodeRequest",
  decode: "DecodeRequest",
  logLikelihood: "LogLikelihoodRequest",
} as const;

/** Requests of the other tasks, as `badSample`. */
export function badTask<Request>(
  call: keyof typeof REQUESTS,
  type: MessageFns<Request>,
  name: string,
  request: DeepPartial<Request>,
  [code, message]: Expected,
): BadRequest {
  const value = type.fromPartial(request);
  const bytes = type.encode(value).finish();
  const json = toProto3Json(messageType(REQUESTS[call]), type.toJSON(value));
  return { name: `${call}: ${name}`, call, bytes, json, code, message };
}

/** A sample request that only JSON can say. */
export function badJson(name: string, json: unknown, [code, message]: Expected): BadRequest {
  return { name, call: "sample", json, code, message };
}

/** The bytes of a sample request that only protobuf can say. */
export function badBytes(
  name: string,
  bytes: readonly number[],
  [code, message]: Expected,
): BadRequest {
  return { name, call: "sample", bytes: Uint8Array.from(bytes), code, message };
}

/** A watch and a cancel of the same job. */
export function badJob(jobId: string, [code, message]: Expected): readonly BadRequest[] {
  const shown = JSON.stringify(jobId);
  const json = { jobId };
  const watch = WatchRequest.encode(WatchRequest.create(json)).finish();
  const cancel = CancelRequest.encode(CancelRequest.create(json)).finish();
  return [
    { name: `watch of job ${shown}`, call: "watch", bytes: watch, json, code, message },
    { name: `cancel of job ${shown}`, call: "cancel", bytes: cancel, json, code, message },
  ];
}
