import { homedir } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "./config/config.ts";
import { Engine, type EngineLoad } from "./engine/engine.ts";
import { Slab } from "./engine/slab.ts";
import { Workers, type WorkersOptions } from "./engine/workers.ts";
import { asServerError } from "./errors.ts";
import { startGrpc } from "./grpc/start-grpc.ts";
import { startHttp } from "./http/start-http.ts";
import { withDerivedGraphs } from "./models/derived-graphs.ts";
import {
  type Model,
  type ModelProblem,
  openRepository,
  type Repository,
} from "./models/repository.ts";
import { ScoreStream } from "./score-stream.ts";
import { openUploadStore } from "./uploads/open-store.ts";
import { startWs } from "./ws/start-ws.ts";

/** How long a stopping server lets callers read the last events of their jobs, in ms. */
const FLUSH_MS = 2000;

/** A server that answers. */
export interface RunningServer {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Models that were found and left out. */
  readonly problems: readonly ModelProblem[];
  /** What the engine has taken on. */
  readonly load: EngineLoad;
  /** Memory that uploads have taken, stored and coming, in bytes. */
  readonly uploadBytes: number;
  /** Stops taking requests, lets those that run end within the grace, and frees everything. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** Whatever tests of faults want to be other than it is in service. */
  readonly workers?: Partial<WorkersOptions>;
}

/** Starts everything: models, workers, engine, both front ends. Resolves when requests are answered. */
export async function startServer(
  config: Config,
  log: Logger,
  options: StartOptions = {},
): Promise<RunningServer> {
  const slab = new Slab(config.slabMib * 1024 * 1024);
  const workers = new Workers({
    slab: slab.memory,
    threads: 1,
    isolation: config.isolation,
    watchdogMs: 1000 * config.watchdogS,
    maxHeapMib: config.workerHeapMib,
    onLost: (loss) => log.warn(loss, "a worker was lost and is replaced"),
    ...options.workers,
  });
  const found = await openRepository(config.models, {
    defaultModel: config.defaultModel,
    intraOpThreads: config.threads,
  });
  const engine = new Engine({
    slab,
    workers,
    limits: { maxRows: config.maxRows, maxActiveRows: config.maxActiveRows },
    retentionMs: 1000 * config.jobRetentionS,
    maxBatchRows: config.maxBatchRows,
    maxStepMs: config.maxStepMs,
  });
  const cache = config.cache || join(homedir(), ".cache", "scorestream");
  const repository = await warm(found, { engine, workers, cache }, log);
  const uploads = openUploadStore(config);
  const service = new ScoreStream(engine, { repository, limits: config, uploads });
  const grpc = await startGrpc(service, config, log);
  const http = await startHttp(service, config, log, () =>
    whyNotReady(service, repository, workers),
  );
  const ws = startWs(http.server, service, config, log);
  let serving = true;
  const settle = (): void => {
    service.ready = serving && repository.models.size > 0 && workers.out === undefined;
  };
  workers.follow(() => {
    const { out } = workers;
    if (out === undefined) log.info("the device works again");
    else log.error({ err: out }, "the device was taken out");
    settle();
  });
  settle();
  return {
    grpcPort: grpc.port,
    httpPort: http.port,
    problems: repository.problems,
    get load() {
      return engine.load;
    },
    get uploadBytes() {
      return uploads.bytes;
    },
    async close() {
      serving = false;
      settle();
      await engine.drain(1000 * config.shutdownGraceS);
      // Every job has ended by now; what is left is to be read.
      await Promise.all([ws.close(FLUSH_MS), grpc.close(FLUSH_MS)]);
      await http.close(FLUSH_MS);
      await workers.close();
    },
  };
}

function whyNotReady(
  service: ScoreStream,
  { models }: Repository,
  { out }: Workers,
): readonly string[] {
  if (service.ready) return [];
  if (out !== undefined) return [out.message];
  return [models.size === 0 ? "no model can be served" : "the server is starting or stopping"];
}

interface Warming {
  readonly engine: Engine;
  readonly workers: Workers;
  readonly cache: string;
}

/** Derives, loads and measures every model; one that does not run is a problem like a file that is missing. */
async function warm(
  found: Repository,
  { engine, workers, cache }: Warming,
  log: Logger,
): Promise<Repository> {
  const models = new Map<string, Model>();
  const problems = [...found.problems];
  for (const bare of found.models.values()) {
    try {
      const model = await withDerivedGraphs(bare, (task) => workers.derive(task), cache);
      for (const [graph, reason] of model.missingGraphs) {
        log.warn({ model: model.name, graph, reason }, "a graph could not be derived");
      }
      await engine.open(model);
      models.set(model.name, model);
      const graphs = [...model.graphs.keys()];
      const maxBatchRows = graphs.map((graph) => engine.batchLimitOf(model, graph));
      log.info({ model: model.name, graphs, maxBatchRows }, "model opened");
    } catch (error) {
      problems.push({ model: bare.name, message: asServerError(error).message });
    }
  }
  for (const problem of problems) log.error(problem, "model left out");
  return { ...found, models, problems };
}
