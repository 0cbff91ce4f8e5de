import {
  type CancelResponse,
  DecodeRequest,
  type DeepPartial,
  EncodeRequest,
  JobOptions,
  type ListModelsResponse,
  LogLikelihoodRequest,
  SampleRequest,
  type UploadResponse,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { CallOptions, ClientOptions } from "./call-options.ts";
import { Job, LatentJob, LikelihoodJob, PictureJob } from "./job.ts";
import { JobStream } from "./job-stream.ts";
import { PART_BYTES } from "./part-joiner.ts";
import { retrying } from "./retry.ts";
import { cancelledByCaller } from "./scorestream-error.ts";
import { type LatentSource, type PictureSource, toImageSource, toTensorSource } from "./source.ts";
import type { TaskRequest, Transport, WatchRequest } from "./transport.ts";
import { type ContentType, sha256Of, uploadParts } from "./upload-parts.ts";

/** The contract's request with every field but the pictures left out at will. */
type OfPictures<Request> = DeepPartial<Omit<Request, "images">> & {
  /** Of the model's size, 1 to the server's `--max-count`. */
  readonly images: readonly PictureSource[];
};
type OfLatents<Request> = DeepPartial<Omit<Request, "latents">> & {
  /** Of the model's shape, 1 to the server's `--max-count`. */
  readonly latents: readonly LatentSource[];
};

export interface UploadOptions extends CallOptions {
  /** Whose requests may use it; left out: those of requests without a tenant. */
  readonly tenant?: string;
}

export interface CancelOptions extends CallOptions {
  /** The images of the job that are to end, from 0; the others go on. Left out: the whole job. */
  readonly rows?: readonly number[];
}

/**
 * A scorestream server. `connect` makes one, over gRPC or over a WebSocket; it connects with its first call.
 *
 * The four tasks answer with a `Job` each, which is read once: event by event (`for await (const { event } of job)`), or
 * to its end for its results alone (`await job.images()`). Fields of a request that are left out take the model's
 * defaults; `completed` echoes what was used. Whatever fails throws a `ScoreStreamError`, when the job is read and not
 * when it is started. What finds no server or no room is tried again, a job that was asked for once is run once
 * (`CallOptions.retry`), and over the WebSocket a job survives its connection (`CallOptions.resume`).
 */
export class Client {
  readonly #transport: Transport;
  readonly #options: ClientOptions;
  /** Those that something may still come of. */
  readonly #streams = new Set<JobStream>();

  constructor(transport: Transport, options: ClientOptions = {}) {
    this.#transport = transport;
    this.#options = options;
  }

  /** @throws ScoreStreamError */
  listModels(options: CallOptions = {}): Promise<ListModelsResponse> {
    return retrying(() => this.#transport.listModels(), { ...this.#options, ...options });
  }

  /**
   * Stores a picture, a mask or numbers, for later requests of the same tenant: the answer is a source for them.
   *
   * @param bytes a file, or float32[channels, height, width], little endian; must be what `contentType` says
   * @throws ScoreStreamError "invalid-argument", "too-large", "upload-store-full" (with `retryAfterMs`)
   */
  async upload(
    bytes: Uint8Array,
    contentType: ContentType,
    { tenant = "", ...call }: UploadOptions = {},
  ): Promise<UploadResponse> {
    const header = { contentType, sha256: await sha256Of(bytes), tenant };
    const { signal } = call;
    return await retrying(() => this.#transport.upload(uploadParts(bytes, header), signal), {
      ...this.#options,
      ...call,
    });
  }

  /**
   * Draws samples, free ones or with a `condition` out of conditions.ts.
   *
   * @returns a job of `count` pictures, in `format`
   * @throws ScoreStreamError from the job, such as "invalid-argument", "capability-missing", "upload-not-found"
   */
  sample(request: DeepPartial<SampleRequest> = {}, options: CallOptions = {}): PictureJob {
    const value = SampleRequest.fromPartial(request);
    return new PictureJob(this.#start({ $case: "sample", value }, options));
  }

  /**
   * Takes each picture up the probability flow to its latent, of the model's shape, and of about the prior's scale where
   * the picture is like the model's data: noise that these lack is magnified. There are no previews. No noise is drawn:
   * the same picture has the same latent.
   *
   * @returns a job of one latent a picture
   * @throws ScoreStreamError from the job: "invalid-argument" or "upload-not-found" at `images[i]`, "solver-failed"
   */
  encode(request: OfPictures<EncodeRequest>, options: CallOptions = {}): LatentJob {
    const images = request.images.map(toImageSource);
    const value = EncodeRequest.fromPartial({ ...request, images });
    return new LatentJob(this.#start({ $case: "encode", value }, options));
  }

  /**
   * Takes each latent down the probability flow to its picture, which undoes `encode` where `time_eps` is the same.
   *
   * @returns a job of one picture a latent, in `format`
   * @throws ScoreStreamError from the job: "invalid-argument" or "upload-not-found" at `latents[i]`, "solver-failed"
   */
  decode(request: OfLatents<DecodeRequest>, options: CallOptions = {}): PictureJob {
    const latents = request.latents.map(toTensorSource);
    const value = DecodeRequest.fromPartial({ ...request, latents });
    return new PictureJob(this.#start({ $case: "decode", value }, options));
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
  ): LikelihoodJob {
    const images = request.images.map(toImageSource);
    const value = LogLikelihoodRequest.fromPartial({ ...request, images });
    return new LikelihoodJob(this.#start({ $case: "logLikelihood", value }, options));
  }

  /**
   * Attaches to a job again, from the event after `afterSequence`. Leaving it ends no job. It is come back to over either
   * transport, unless `resume` is false: what is only watched needs no name for that.
   *
   * @throws ScoreStreamError from the job, such as "job-not-found", and what the job itself ended with
   */
  watch(jobId: string, afterSequence = 0n, options: CallOptions = {}): Job {
    const value = { jobId, afterSequence, partBytes: PART_BYTES };
    const request = { $case: "watch", value } as const;
    return new Job(this.#open(request, { ...this.#options, ...options }, true, false));
  }

  /**
   * Ends a job within one step, or images of it, whoever started it.
   *
   * @returns whether that was still to be done, and `rows`: the images that it was done to
   * @throws ScoreStreamError "job-not-found"; "invalid-argument" at `rows[i]` for an image that the job does not have
   */
  cancel(jobId: string, { rows, ...call }: CancelOptions = {}): Promise<CancelResponse> {
    // No image at all is not the whole job.
    if (rows?.length === 0) return Promise.resolve({ cancelled: false, rows: [] });
    return retrying(() => this.#transport.cancel(jobId, rows), { ...this.#options, ...call });
  }

  /**
   * Leaves every job, which ends those that the caller did not ask for as `detached`, and lets the connection go.
   *
   * @returns when the server has been told, or can't be. Never rejects
   */
  async close(): Promise<void> {
    const error = cancelledByCaller("the client was closed");
    await Promise.all([...this.#streams].map((stream) => stream.leave(error)));
    this.#transport.close();
  }

  /** Asks for a job. It is detached where it is to survive its connection, and then leaving it must end it all the same. */
  #start(request: TaskRequest, options: CallOptions): JobStream {
    const given = { ...this.#options, ...options };
    const { resume = this.#transport.resumes, retry } = given;
    const asked = JobOptions.fromPartial(request.value.options ?? {});
    const endsDetached = !asked.detached && resume;
    const detached = asked.detached || resume;
    const idempotencyKey = asked.idempotencyKey || (retry === false ? "" : randomKey());
    const partBytes = asked.partBytes || PART_BYTES;
    request.value.options = { ...asked, detached, idempotencyKey, partBytes };
    return this.#open(request, given, resume, endsDetached);
  }

  #open(
    request: TaskRequest | WatchRequest,
    options: CallOptions,
    resumes: boolean,
    endsDetached: boolean,
  ): JobStream {
    const { resume = resumes } = options;
    const onEnd = (stream: JobStream): void => {
      this.#streams.delete(stream);
    };
    const stream = new JobStream(this.#transport, request, {
      ...options,
      resume,
      endsDetached,
      onEnd,
    });
    this.#streams.add(stream);
    stream.begin();
    return stream;
  }
}

/** 128 bits. Unlike `randomUUID`, this works in a browser whose page is not of a secure context. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
