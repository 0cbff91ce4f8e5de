import { fileURLToPath } from "node:url";
import type {
  JobEvent,
  SampleRequest as SampleRequestMessage,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ImageFormat, SampleRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { Engine } from "../engine/engine.ts";
import type { Job } from "../engine/job.ts";
import { Slab } from "../engine/slab.ts";
import { Workers } from "../engine/workers.ts";
import { openRepository, type Repository } from "../models/repository.ts";
import { checkSample } from "../requests/sample.ts";

/** The folder of the shipped models. */
export const MODELS: string = fileURLToPath(new URL("../../../models", import.meta.url));

export interface StartedEngine {
  readonly engine: Engine;
  readonly slab: Slab;
  readonly repository: Repository;
  submit(request: Parameters<typeof SampleRequest.fromPartial>[0]): Job;
  close(): Promise<void>;
}

export interface EngineSetup {
  /** The models to open. */
  readonly models: readonly string[];
  readonly workerFile?: string;
  readonly maxRows?: number;
  readonly maxActiveRows?: number;
  readonly slabBytes?: number;
}

/** A real engine with real workers on shipped models, without front ends. */
export async function startEngine(setup: EngineSetup): Promise<StartedEngine> {
  const { models, workerFile, maxRows = 4096, maxActiveRows = 1024 } = setup;
  const slab = new Slab(setup.slabBytes ?? 64 * 1024 * 1024);
  const workers = new Workers({
    slab: slab.memory,
    threads: 1,
    ...(workerFile === undefined ? {} : { filename: workerFile }),
  });
  const repository = await openRepository(MODELS, { intraOpThreads: 1 });
  const engine = new Engine({
    slab,
    workers,
    limits: { maxRows, maxActiveRows },
    retentionMs: 60_000,
    maxBatchRows: 64,
    maxStepMs: 10_000,
  });
  for (const name of models) {
    const model = repository.models.get(name);
    if (model === undefined)
      throw new Error(`no model ${name}: ${JSON.stringify(repository.problems)}`);
    await engine.open(model);
  }
  return {
    engine,
    slab,
    repository,
    submit: (request) => {
      const message: SampleRequestMessage = SampleRequest.fromPartial({
        format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32,
        ...request,
      });
      return engine.submit(checkSample(message, repository, { maxCount: 4096, maxSteps: 10_000 }));
    },
    close: async () => {
      await engine.drain(0);
      await workers.close();
    },
  };
}

/** Every event of a job to its end. @throws the ServerError that it ended with */
export async function eventsOf(job: Job): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of job.events(0n, new AbortController().signal)) events.push(event);
  return events;
}

/** float32 samples of a job by row. @throws as `eventsOf` */
export async function samplesOf(job: Job): Promise<Float32Array[]> {
  const samples: Float32Array[] = [];
  for (const { event } of await eventsOf(job)) {
    if (event?.$case !== "sampled" || event.value.image === undefined) continue;
    const { data } = event.value.image;
    samples[event.value.row] = new Float32Array(new Uint8Array(data).buffer);
  }
  return samples;
}
