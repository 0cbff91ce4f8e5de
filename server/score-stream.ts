import {
  type CancelRequest,
  type CancelResponse,
  DecodeRequest,
  EncodeRequest,
  type JobOptions,
  type ListModelsResponse,
  LogLikelihoodRequest,
  type MessageFns,
  SampleRequest,
  type WatchRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import { toldOf } from "./devices/describe-device.ts";
import type { OpenDevice } from "./devices/open-fleet.ts";
import type { Engine } from "./engine/engine.ts";
import type { Job } from "./engine/job.ts";
import type { JobSpec } from "./engine/job-spec.ts";
import { ServerError } from "./errors.ts";
import { KeyedJobs } from "./keyed-jobs.ts";
import type { ServedModels } from "./models/served-models.ts";
import { checkImages } from "./requests/cancel.ts";
import type { RequestContext } from "./requests/context.ts";
import { checkDecode } from "./requests/decode-latents.ts";
import { describeModel } from "./requests/describe-model.ts";
import { checkEncode } from "./requests/encode.ts";
import { InputMemory } from "./requests/input-memory.ts";
import { checkLogLikelihood } from "./requests/log-likelihood.ts";
import { checkSample } from "./requests/sample.ts";
import type { JobView, Service, Uploading } from "./service.ts";
import { IncomingUpload } from "./uploads/incoming-upload.ts";
import type { UploadStore } from "./uploads/upload-store.ts";

/** What the service needs beside the engine. */
export interface ServiceContext extends Omit<RequestContext, "repository" | "memory"> {
  /** Memory of what requests are read into. */
  readonly maxInputBytes: number;
  readonly models: Pick<ServedModels, "current" | "use">;
  readonly uploads: UploadStore;
  readonly devices: readonly OpenDevice[];
}

/** The service behind both front ends: checked requests into the engine. */
export class ScoreStream implements Service {
  /** Set once the models are warm; cleared when the server drains. */
  ready = false;
  readonly #engine: Engine;
  readonly #context: ServiceContext;
  readonly #keyed: KeyedJobs;
  readonly #memory: InputMemory;

  constructor(engine: Engine, context: ServiceContext) {
    this.#engine = engine;
    this.#keyed = new KeyedJobs((id) => engine.job(id));
    engine.followForgotten((id) => this.#keyed.forget(id));
    this.#context = context;
    this.#memory = new InputMemory(context.maxInputBytes);
  }

  listModels(): ListModelsResponse {
    const { models, devices } = this.#context;
    return {
      models: [...models.current.models.values()].map(describeModel),
      devices: devices.map(toldOf),
    };
  }

  sample(request: SampleRequest): Promise<JobView> {
    return this.#start("sample", request, SampleRequest, checkSample);
  }

  encode(request: EncodeRequest): Promise<JobView> {
    return this.#start("encode", request, EncodeRequest, checkEncode);
  }

  decode(request: DecodeRequest): Promise<JobView> {
    return this.#start("decode", request, DecodeRequest, checkDecode);
  }

  logLikelihood(request: LogLikelihoodRequest): Promise<JobView> {
    return this.#start("logLikelihood", request, LogLikelihoodRequest, checkLogLikelihood);
  }

  watch({ jobId }: WatchRequest): JobView {
    return this.#job(jobId);
  }

  cancel({ jobId, rows }: CancelRequest): CancelResponse {
    const job = this.#job(jobId);
    if (rows.length === 0) return { cancelled: this.#engine.cancel(job), rows };
    const cancelled = this.#engine.cancelImages(job, checkImages(rows, job.images));
    return { cancelled: cancelled.length > 0, rows: cancelled };
  }

  upload(): Uploading {
    this.#engine.checkOpen();
    return new IncomingUpload(this.#context.uploads);
  }

  /** Checks a request and takes its job on, unless its key names one that is there. */
  #start<Request extends { options?: JobOptions | undefined }>(
    call: string,
    request: Request,
    type: Pick<MessageFns<Request>, "encode">,
    check: (request: Request, context: RequestContext) => Promise<JobSpec>,
  ): Promise<Job> {
    // How its events are to be sent is no part of what a key stands for.
    const options = request.options && { ...request.options, partBytes: 0 };
    const name = { call, bytes: type.encode({ ...request, options }).finish(), options };
    const { models, ...context } = this.#context;
    return this.#keyed.start(name, () => {
      this.#engine.checkOpen();
      return models.use(async (repository) =>
        this.#memory.lend(async (memory) =>
          this.#engine.submit(await check(request, { ...context, repository, memory })),
        ),
      );
    });
  }

  #job(id: string): Job {
    const job = this.#engine.job(id);
    if (job !== undefined) return job;
    const message = `job_id: seen ${JSON.stringify(id.slice(0, 80))}, expected the id of a job that runs or ended a short while ago`;
    throw new ServerError("job-not-found", message);
  }
}
