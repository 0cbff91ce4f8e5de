/** scorestream-client in Node: the client over gRPC or a WebSocket. A browser gets core/index.ts, which has all but gRPC. */
export type {
  CancelResponse,
  Condition,
  DecodeRequest,
  DeepPartial,
  EncodeRequest,
  Image,
  ImageShape,
  JobEvent,
  JobOptions,
  LikelihoodResult,
  ListModelsResponse,
  LogLikelihoodRequest,
  Model,
  SampleRequest,
  Sampler,
  UploadResponse,
} from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
export {
  ImageFormat,
  JobOptions_Priority as Priority,
} from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
export { connect } from "./connect.ts";
export type { CallOptions, ClientOptions, RetryOptions } from "./core/call-options.ts";
export { Client, type UploadOptions } from "./core/client.ts";
export {
  type ClassOptions,
  colorize,
  type InpaintOptions,
  inpaint,
  ofClass,
  superResolve,
} from "./core/conditions.ts";
export type { FloatTensor } from "./core/float-tensor.ts";
export { type Interpolation, interpolate } from "./core/interpolate.ts";
export { Job, LatentJob, LikelihoodJob, type OnEvent, PictureJob } from "./core/job.ts";
export { type Rgba, toBlob, toFloatTensor, toRgba } from "./core/picture.ts";
export { ERROR_CODES, type ErrorCode, ScoreStreamError } from "./core/scorestream-error.ts";
export type { LatentSource, PictureSource, Resized, Uploaded } from "./core/source.ts";
export type { ContentType } from "./core/upload-parts.ts";
