import type {
  CancelRequest,
  CancelResponse,
  ListModelsResponse,
  SampleRequest,
  WatchRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import type { Engine } from "./engine/engine.ts";
import type { Job } from "./engine/job.ts";
import { ServerError } from "./errors.ts";
import type { Repository } from "./models/repository.ts";
import { describeModel } from "./requests/describe-model.ts";
import { checkSample, type RequestLimits } from "./requests/sample.ts";
import type { JobView, Service } from "./service.ts";

/** The service behind both front ends: checked requests into the engine. */
export class ScoreStream implements Service {
  /** Set once the models are warm; cleared when the server drains. */
  ready = false;
  readonly #repository: Repository;
  readonly #engine: Engine;
  readonly #limits: RequestLimits;

  constructor(repository: Repository, engine: Engine, limits: RequestLimits) {
    this.#repository = repository;
    this.#engine = engine;
    this.#limits = limits;
  }

  listModels(): ListModelsResponse {
    return { models: [...this.#repository.models.values()].map(describeModel) };
  }

  sample(request: SampleRequest): JobView {
    return this.#engine.submit(checkSample(request, this.#repository, this.#limits));
  }

  watch({ jobId }: WatchRequest): JobView {
    return this.#job(jobId);
  }

  cancel({ jobId }: CancelRequest): CancelResponse {
    return { cancelled: this.#engine.cancel(this.#job(jobId)) };
  }

  #job(id: string): Job {
    const job = this.#engine.job(id);
    if (job !== undefined) return job;
    const message = `job_id: seen ${JSON.stringify(id.slice(0, 80))}, expected the id of a job that runs or ended a short while ago`;
    throw new ServerError("job-not-found", message);
  }
}
