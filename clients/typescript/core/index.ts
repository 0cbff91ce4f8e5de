/** scorestream-client/web: the client over a WebSocket, for browsers and whatever else has one. Nothing of Node's, no gRPC. */
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
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
export {
  ImageFormat,
  JobOptions_Priority as Priority,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
export type { CallOptions, ClientOptions, RetryOptions } from "./call-options.ts";
export { type CancelOptions, Client, type UploadOptions } from "./client.ts";
export {
  type ClassOptions,
  colorize,
  type InpaintOptions,
  inpaint,
  ofClass,
  superResolve,
} from "./conditions.ts";
export { connect } from "./connect.ts";
export type { FloatTensor } from "./float-tensor.ts";
export { type Interpolation, interpolate } from "./interpolate.ts";
export { Job, LatentJob, LikelihoodJob, type OnEvent, PictureJob } from "./job.ts";
export { type Rgba, toBlob, toFloatTensor, toRgba } from "./picture.ts";
export { ERROR_CODES, type ErrorCode, ScoreStreamError } from "./scorestream-error.ts";
export type { LatentSource, PictureSource, Resized, Uploaded } from "./source.ts";
export type { ContentType } from "./upload-parts.ts";
