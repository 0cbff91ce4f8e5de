import { credentials } from "@grpc/grpc-js";
import {
  type CancelResponse,
  DecodeRequest,
  type DeepPartial,
  EncodeRequest,
  type Image,
  type JobEvent,
  type LikelihoodResult,
  type ListModelsResponse,
  LogLikelihoodRequest,
  SampleRequest,
  ScoreStreamClient,
  type UploadResponse,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { answerOf, type CallOptions } from "./call.ts";
import type { FloatTensor } from "./float-tensor.ts";
import { Job } from "./job.ts";
import { takeLatent, takeLikelihood, takePicture } from "./results.ts";
import { type ContentType, sendUpload, type UploadOptions } from "./send-upload.ts";
import { type LatentSource, type PictureSource, toImageSource, toTensorSource } from "./source.ts";

/** The contract's request with every field but the pictures left out at will. */
type OfPictures<Request> = DeepPartial<Omit<Request, "images">> & {
  /** Of the model's size, 1 to the server's `--max-count`. */
  readonly images: readonly PictureSource[];
};
type OfLatents<Request> = DeepPartial<Omit<Request, "latents">> & {
  /** Of the model's shape, 1 to the server's `--max-count`. */
  readonly latents: readonly LatentSource[];
};

/**
 * A scorestream server over gRPC.
 *
 * The four tasks answer with a `Job` each, which is read once: event by event (`for await (const { event } of job)`), or
 * to its end for its results alone (`await job.results()`). Fields of a request that are left out take the model's
 * defaults; `completed` echoes what was used. Whatever fails throws a `ScoreStreamError`, when the job is read and not
 * when it is started.
 */
export class Client {
  readonly #stub: ScoreStreamClient;

  /** @param target host and port, such as `127.0.0.1:50051` */
  constructor(target: string) {
    this.#stub = new ScoreStreamClient(target, credentials.createInsecure(), {
      // The answers' sizes are the models'; gRPC's own limit is 4 MiB.
      "grpc.max_receive_message_length": -1,
    });
  }

  /** @throws ScoreStreamError */
  listModels(): Promise<ListModelsResponse> {
    return answerOf((answer) => this.#stub.listModels({}, answer));
  }

  /**
   * Stores a picture, a mask or numbers, for later requests of the same tenant: the answer is a source for them.
   *
   * @param bytes a file, or float32[channels, height, width], little endian; must be what `contentType` says
   * @throws ScoreStreamError "invalid-argument", "too-large", "upload-store-full" (with `retryAfterMs`)
   */
  upload(
    bytes: Uint8Array,
    contentType: ContentType,
    options: UploadOptions = {},
  ): Promise<UploadResponse> {
    return sendUpload(this.#stub, bytes, contentType, options);
  }

  /**
   * Draws samples, free ones or with a `condition` out of conditions.ts.
   *
   * @returns a job of `count` pictures, in `format`
   * @throws ScoreStreamError from the job, such as "invalid-argument", "capability-missing", "upload-not-found"
   */
  sample(request: DeepPartial<SampleRequest>, options: CallOptions = {}): Job<Image> {
    const call = this.#stub.sample(SampleRequest.fromPartial(request));
    return new Job(call, takePicture, options);
  }

  /**
   * Takes each picture up the probability flow to its latent, of the model's shape, and of about the prior's scale where
   * the picture is like the model's data: noise that these lack is magnified. There are no previews. No noise is drawn:
   * the same picture has the same latent.
   *
   * @returns a job of one latent a picture
   * @throws ScoreStreamError from the job: "invalid-argument" or "upload-not-found" at `images[i]`, "solver-failed"
   */
  encode(request: OfPictures<EncodeRequest>, options: CallOptions = {}): Job<FloatTensor> {
    const images = request.images.map(toImageSource);
    const call = this.#stub.encode(EncodeRequest.fromPartial({ ...request, images }));
    return new Job(call, takeLatent, options);
  }

  /**
   * Takes each latent down the probability flow to its picture, which undoes `encode` where `time_eps` is the same.
   *
   * @returns a job of one picture a latent, in `format`
   * @throws ScoreStreamError from the job: "invalid-argument" or "upload-not-found" at `latents[i]`, "solver-failed"
   */
  decode(request: OfLatents<DecodeRequest>, options: CallOptions = {}): Job<Image> {
    const latents = request.latents.map(toTensorSource);
    const call = this.#stub.decode(DecodeRequest.fromPartial({ ...request, latents }));
    return new Job(call, takePicture, options);
  }

  /**
   * How likely the model finds each picture: docs/likelihood.md. A tensor is a point, which is not dequantised. Progress
   * counts each probe of each draw as a row; results count pictures.
   *
   * @returns a job of one likelihood a picture; `completed.likelihood` has the settings that it depends on
   * @throws ScoreStreamError from the job: "invalid-argument" or "upload-not-found" at `images[i]`, "capability-missing"
   *   where the model's network can't be differentiated, "solver-failed"
   */
  logLikelihood(
    request: OfPictures<LogLikelihoodRequest>,
    options: CallOptions = {},
  ): Job<LikelihoodResult> {
    const images = request.images.map(toImageSource);
    const call = this.#stub.logLikelihood(LogLikelihoodRequest.fromPartial({ ...request, images }));
    return new Job(call, takeLikelihood, options);
  }

  /** Attaches to a job again, from the event after `afterSequence`. Leaving it ends no job. @throws ScoreStreamError */
  watch(jobId: string, afterSequence = 0n, options: CallOptions = {}): AsyncIterable<JobEvent> {
    const call = this.#stub.watch(WatchRequest.fromPartial({ jobId, afterSequence }));
    return new Job(call, () => undefined, options);
  }

  /** @throws ScoreStreamError */
  cancel(jobId: string): Promise<CancelResponse> {
    return answerOf((answer) => this.#stub.cancel({ jobId }, answer));
  }

  /** Lets the connection go once the calls on it have ended. */
  close(): void {
    this.#stub.close();
  }
}
