import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import type { Config } from "./config/config.ts";
import { limitsOf } from "./config/limits.ts";
import { describeDevice } from "./devices/describe-device.ts";
import { openFleet } from "./devices/open-fleet.ts";
import { readDevices } from "./devices/read-devices.ts";
import type { RowScheduler } from "./engine/batches.ts";
import { Engine, type EngineLoad } from "./engine/engine.ts";
import type { Fleet } from "./engine/fleet.ts";
import { Slab } from "./engine/slab.ts";
import type { WorkersOptions } from "./engine/workers.ts";
import { shuttingDown } from "./errors.ts";
import { startGrpc } from "./grpc/start-grpc.ts";
import type { Halt } from "./halt.ts";
import type { Readiness } from "./http/answer.ts";
import { knownNames } from "./http/known-host.ts";
import { readPage } from "./http/page.ts";
import { startAdmin } from "./http/start-admin.ts";
import { startHttp } from "./http/start-http.ts";
import { modelHost } from "./models/model-host.ts";
import type { ModelProblem } from "./models/repository.ts";
import { type ReloadReport, ServedModels } from "./models/served-models.ts";
import { ScoreStream } from "./score-stream.ts";
import { startMetrics } from "./telemetry/start-metrics.ts";
import { startTelemetry } from "./telemetry/start-telemetry.ts";
import { openTenants, reopenTenants } from "./tenants/open-tenants.ts";
import { openUploadStore } from "./uploads/open-store.ts";
import { readOrigins } from "./ws/origin.ts";
import { startWs } from "./ws/start-ws.ts";

/** How long a stopping server lets callers read the last events of their jobs, in ms. */
const FLUSH_MS = 2000;

/** A server that answers. */
export interface RunningServer {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Of the operator's calls; undefined where there are none. */
  readonly adminPort: number | undefined;
  /** Of Prometheus; undefined where there is none. */
  readonly metricsPort: number | undefined;
  /** What the folder of models has that is not served, and why. */
  readonly problems: readonly ModelProblem[];
  /** What the engine has taken on. */
  readonly load: EngineLoad;
  /** Memory that uploads have taken, stored and coming, in bytes. */
  readonly uploadBytes: number;
  /** Serves what the folder of models has now. @throws ServerError "shutting-down" */
  reload(): Promise<ReloadReport>;
  /**
   * Stops: not ready at once, serves on for the configured delay, then takes nothing new, lets what runs end within the
   * grace, and frees everything.
   *
   * @param options.atOnce without the delay
   * @returns how many jobs were ended before they were done
   */
  close(options?: { readonly atOnce?: boolean }): Promise<number>;
}

export interface StartOptions {
  /** Whatever tests of faults want to be other than it is in service. */
  readonly workers?: Partial<WorkersOptions>;
  /** Another way to decide which rows run next: for what the server is measured against. */
  readonly scheduler?: RowScheduler;
  /** Ends the server wherever it is, while it starts, too. */
  readonly halt?: Halt;
  /** Waits for the delay of a drain; another way only in tests. */
  readonly pause?: (ms: number) => Promise<void>;
}

/**
 * Starts everything: models, workers, engine, both front ends. Resolves when requests are answered.
 *
 * @throws ConfigError where the file of tenants or of devices is wrong, or a device has no provider that works; ServerError
 *   "shutting-down" where it was halted before
 */
export async function startServer(
  config: Config,
  log: Logger,
  { workers: workersOptions, scheduler, halt, pause = setTimeout }: StartOptions = {},
): Promise<RunningServer> {
  const tenants = openTenants(config);
  const telemetry = startTelemetry(config);
  const slab = new Slab(config.slabMib * 1024 * 1024);
  const { fleet, devices } = await openFleet(
    readDevices(config),
    {
      slab: slab.memory,
      isolation: config.isolation,
      team: config.team,
      watchdogMs: 1000 * config.watchdogS,
      maxHeapMib: config.workerHeapMib,
      onLost(loss, device) {
        log.warn({ device, ...loss }, "a worker was lost and is replaced");
        telemetry?.workerLost(loss.task ?? "none");
      },
    },
    workersOptions,
  );
  for (const device of devices) {
    for (const skipped of device.skipped) {
      log.warn({ device: device.workers.name, ...skipped }, "a provider does not work here");
    }
    log.info(describeDevice(device), "device opened");
  }
  const engine = new Engine({
    slab,
    fleet,
    onMeasured: (device, lane, { source: { team, placesPerRun }, cost }) =>
      log.info(
        { device: device.name, lane, limit: cost.limit, placesPerRun, team },
        "lane measured",
      ),
    onMissing: (device, lane, error) =>
      log.warn({ device: device.name, lane, err: error }, "a device can't run a graph"),
    limits: limitsOf(config, tenants),
    weightOf: (tenant) => tenants.of(tenant).weight,
    retentionMs: 1000 * config.jobRetentionS,
    maxBatchRows: config.maxBatchRows,
    maxStepMs: config.maxStepMs,
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(telemetry === undefined ? {} : { observer: telemetry.observer }),
  });
  const cache = config.cache || join(homedir(), ".cache", "scorestream");
  const models = new ServedModels(
    modelHost(config, { engine, fleet, cache }, log),
    config.defaultModel,
  );
  halt?.add(async () => {
    models.stop();
    await Promise.all(devices.map(({ workers }) => workers.close()));
    return !devices.some(({ workers }) => workers.stuck);
  });
  const uploads = openUploadStore(config);
  const service = new ScoreStream(engine, {
    models,
    limits: config,
    maxInputBytes: config.maxInputMib * 1024 * 1024,
    uploads,
    tenants,
    devices,
  });
  let serving = true;
  const settle = (): void => {
    service.ready = serving && models.current.models.size > 0 && fleet.out === undefined;
  };
  const readModels = async (): Promise<ReloadReport> => {
    const report = await models.reload();
    settle();
    log.info({ changes: report.changes }, "models read");
    for (const problem of report.problems) log.error(problem, "not served as it is in the folder");
    return report;
  };
  const readiness = (): Readiness => ({
    reasons: service.ready ? [] : [whyNotReady(serving, fleet)],
    problems: models.current.problems,
  });
  const reload = async (): Promise<ReloadReport> => {
    const message = reopenTenants(tenants, config);
    const report = await readModels();
    if (message === undefined) return report;
    log.error({ message }, "the file of tenants is wrong: what was read before still holds");
    const problem = { model: "", file: config.tenants, message };
    return { ...report, problems: [problem, ...report.problems] };
  };
  await readModels();
  if (halt?.asked) throw shuttingDown();
  const page = await readPage();
  if (page.size === 0) log.warn("the page was not built, and is not served");
  const grpc = await startGrpc(service, config, log, telemetry?.called);
  const names = knownNames(config.host, readOrigins(config.allowedOrigins));
  const answers = { page, readiness, names, grpcPort: grpc.port };
  const http = await startHttp(service, config, log, answers);
  const ws = startWs(http.server, service, config, log);
  const admin = await startAdmin(config.admin, { models, devices, reload }, log);
  const metrics = await startMetrics(config.metrics, telemetry?.metrics, log);
  telemetry?.gauge(() => ({
    load: engine.load,
    oldestWaitMs: engine.oldestWaitMs,
    slabBytes: slab.memory.byteLength,
    uploadBytes: uploads.bytes,
    ready: service.ready,
    devicesOut: devices.length - fleet.inService.length,
    sockets: ws.size,
  }));
  fleet.follow(({ name, out }) => {
    if (out === undefined) log.info({ device: name }, "the device works again");
    else log.error({ device: name, err: out }, "the device was taken out");
    settle();
  });
  return {
    grpcPort: grpc.port,
    httpPort: http.port,
    adminPort: admin?.port,
    metricsPort: metrics?.port,
    get problems() {
      return models.current.problems;
    },
    get load() {
      return engine.load;
    },
    get uploadBytes() {
      return uploads.bytes;
    },
    reload,
    async close({ atOnce = false } = {}) {
      serving = false;
      models.stop();
      settle();
      if (!atOnce && config.drainDelayS > 0) await pause(1000 * config.drainDelayS);
      const cut = await engine.drain(1000 * config.shutdownGraceS);
      // Every job has ended by now; what is left is to be read.
      await Promise.all([ws.close(FLUSH_MS), grpc.close(FLUSH_MS), admin?.close(0)]);
      await Promise.all([http.close(FLUSH_MS), metrics?.close(0)]);
      await Promise.all([...devices.map(({ workers }) => workers.close()), telemetry?.stop()]);
      return cut;
    },
  };
}

function whyNotReady(serving: boolean, { out }: Fleet): string {
  if (!serving) return "the server is shutting down";
  return out === undefined ? "no model can be served" : out.message;
}
