import { fileURLToPath } from "node:url";
import type {
  JobEvent,
  SampleRequest as SampleRequestMessage,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  DecodeRequest,
  EncodeRequest,
  ImageFormat,
  LogLikelihoodRequest,
  SampleRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Limits } from "../engine/bounds.ts";
import { Engine } from "../engine/engine.ts";
import { Fleet } from "../engine/fleet.ts";
import type { Job } from "../engine/job.ts";
import { Slab } from "../engine/slab.ts";
import { Workers, type WorkersOptions } from "../engine/workers.ts";
import { withDerivedGraphs } from "../models/derived-graphs.ts";
import { type Model, openRepository } from "../models/repository.ts";
import type { RequestContext } from "../requests/context.ts";
import { checkDecode } from "../requests/decode-latents.ts";
import { checkEncode } from "../requests/encode.ts";
import { checkLogLikelihood } from "../requests/log-likelihood.ts";
import { checkSample } from "../requests/sample.ts";
import { Tenants } from "../tenants/tenants.ts";
import { TEST_CACHE } from "./config.ts";

/** The folder of the shipped models. */
export const MODELS: string = fileURLToPath(new URL("../../../models", import.meta.url));

export interface StartedEngine {
  readonly engine: Engine;
  readonly slab: Slab;
  readonly workers: Workers;
  readonly context: RequestContext;
  /** Runs Sample; pictures are raw float32 unless asked for otherwise. */
  submit(request: Parameters<typeof SampleRequest.fromPartial>[0]): Promise<Job>;
  encode(request: Parameters<typeof EncodeRequest.fromPartial>[0]): Promise<Job>;
  decode(request: Parameters<typeof DecodeRequest.fromPartial>[0]): Promise<Job>;
  logLikelihood(request: Parameters<typeof LogLikelihoodRequest.fromPartial>[0]): Promise<Job>;
  close(): Promise<void>;
}

export interface EngineSetup {
  /** The models to open. */
  readonly models: readonly string[];
  /** Where they are; default the shipped ones. */
  readonly folder?: string;
  /** Whatever is to be other than one thread that runs the workers' own file. */
  readonly workers?: Partial<WorkersOptions>;
  /** Devices behind the first; default none. */
  readonly others?: readonly Partial<WorkersOptions>[];
  readonly maxRows?: number;
  readonly maxActiveRows?: number;
  readonly slabBytes?: number;
  /** Default as in service. */
  readonly queueIntervalMs?: number;
  /** How long ended jobs are remembered; default one minute. */
  readonly retentionMs?: number;
  /** Bounds beside these. */
  readonly limits?: Partial<Limits>;
  /** Default all alike, without bounds. */
  readonly tenants?: Tenants;
}

/** A real engine with real workers on shipped models, without front ends. */
export async function startEngine(setup: EngineSetup): Promise<StartedEngine> {
  const { models, maxRows = 4096, maxActiveRows = 1024, tenants = new Tenants() } = setup;
  const slab = new Slab(setup.slabBytes ?? 64 * 1024 * 1024);
  const workers = new Workers({
    slab: slab.memory,
    threads: 1,
    ...setup.workers,
  });
  const others = (setup.others ?? []).map(
    (options) => new Workers({ slab: slab.memory, threads: 1, ...options }),
  );
  const found = await openRepository(setup.folder ?? MODELS, { intraOpThreads: 1 });
  const opened = new Map<string, Model>();
  const engine = new Engine({
    slab,
    fleet: new Fleet([workers, ...others]),
    limits: { maxRows, maxActiveRows, ...setup.limits, ofTenant: (tenant) => tenants.of(tenant) },
    weightOf: (tenant) => tenants.of(tenant).weight,
    retentionMs: setup.retentionMs ?? 60_000,
    maxBatchRows: 64,
    maxStepMs: 10_000,
    queueIntervalMs: setup.queueIntervalMs,
  });
  for (const name of models) {
    const bare = found.models.get(name);
    if (bare === undefined) throw new Error(`no model ${name}: ${JSON.stringify(found.problems)}`);
    const model = await withDerivedGraphs(bare, (task) => workers.derive(task), {
      cache: TEST_CACHE,
      rewrite: false,
    });
    await engine.open(model);
    opened.set(name, model);
  }
  const context: RequestContext = {
    repository: { ...found, models: opened },
    limits: { maxCount: 4096, maxRows: 1_000_000, maxSteps: 10_000 },
    uploads: { find: () => undefined },
    tenants,
  };
  return {
    engine,
    slab,
    workers,
    context,
    submit: async (request) => {
      const message: SampleRequestMessage = SampleRequest.fromPartial({
        format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32,
        ...request,
      });
      return engine.submit(await checkSample(message, context));
    },
    encode: async (request) =>
      engine.submit(await checkEncode(EncodeRequest.fromPartial(request), context)),
    decode: async (request) => {
      const raw = { format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32, ...request };
      return engine.submit(await checkDecode(DecodeRequest.fromPartial(raw), context));
    },
    logLikelihood: async (request) =>
      engine.submit(await checkLogLikelihood(LogLikelihoodRequest.fromPartial(request), context)),
    close: async () => {
      await engine.drain(0);
      await Promise.all([workers, ...others].map((device) => device.close()));
    },
  };
}

/** Every event of a job to its end. @throws the ServerError that it ended with */
export async function eventsOf(job: Job | Promise<Job>): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of (await job).events(0n)) events.push(event);
  return events;
}

/** float32 samples of a job by row. @throws as `eventsOf` */
export async function samplesOf(job: Job | Promise<Job>): Promise<Float32Array[]> {
  const samples: Float32Array[] = [];
  for (const { event } of await eventsOf(job)) {
    if (event?.$case !== "sampled" || event.value.image === undefined) continue;
    const { data } = event.value.image;
    samples[event.value.row] = new Float32Array(new Uint8Array(data).buffer);
  }
  return samples;
}
