import type {
  CancelRequest,
  CancelResponse,
  DecodeRequest,
  EncodeRequest,
  ListModelsResponse,
  LogLikelihoodRequest,
  SampleRequest,
  WatchRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import type { Engine } from "./engine/engine.ts";
import type { Job } from "./engine/job.ts";
import { ServerError } from "./errors.ts";
import type { RequestContext } from "./requests/context.ts";
import { checkDecode } from "./requests/decode-latents.ts";
import { describeModel } from "./requests/describe-model.ts";
import { checkEncode } from "./requests/encode.ts";
import { checkLogLikelihood } from "./requests/log-likelihood.ts";
import { checkSample } from "./requests/sample.ts";
import type { JobView, Service, Uploading } from "./service.ts";
import { IncomingUpload } from "./uploads/incoming-upload.ts";
import type { UploadStore } from "./uploads/upload-store.ts";

/** What the service needs beside the engine. */
export interface ServiceContext extends RequestContext {
  readonly uploads: UploadStore;
}

/** The service behind both front ends: checked requests into the engine. */
export class ScoreStream implements Service {
  /** Set once the models are warm; cleared when the server drains. */
  ready = false;
  readonly #engine: Engine;
  readonly #context: ServiceContext;

  constructor(engine: Engine, context: ServiceContext) {
    this.#engine = engine;
    this.#context = context;
  }

  listModels(): ListModelsResponse {
    return { models: [...this.#context.repository.models.values()].map(describeModel) };
  }

  async sample(request: SampleRequest): Promise<JobView> {
    return this.#engine.submit(await checkSample(request, this.#context));
  }

  async encode(request: EncodeRequest): Promise<JobView> {
    return this.#engine.submit(await checkEncode(request, this.#context));
  }

  async decode(request: DecodeRequest): Promise<JobView> {
    return this.#engine.submit(await checkDecode(request, this.#context));
  }

  async logLikelihood(request: LogLikelihoodRequest): Promise<JobView> {
    return this.#engine.submit(await checkLogLikelihood(request, this.#context));
  }

  watch({ jobId }: WatchRequest): JobView {
    return this.#job(jobId);
  }

  cancel({ jobId }: CancelRequest): CancelResponse {
    return { cancelled: this.#engine.cancel(this.#job(jobId)) };
  }

  upload(): Uploading {
    return new IncomingUpload(this.#context.uploads);
  }

  #job(id: string): Job {
    const job = this.#engine.job(id);
    if (job !== undefined) return job;
    const message = `job_id: seen ${JSON.stringify(id.slice(0, 80))}, expected the id of a job that runs or ended a short while ago`;
    throw new ServerError("job-not-found", message);
  }
}
