import { PROVIDERS } from "../../worker/protocol.ts";
import { type Config, ISOLATIONS, LOG_LEVELS, ON_OR_OFF } from "./config.ts";
import {
  address,
  choice,
  choices,
  httpUrl,
  integer,
  origins,
  type Setting,
  text,
} from "./setting.ts";

const PORTS = [0, 65_535] as const;

/** The one table of settings. */
export const SETTINGS: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  host: text("host", "127.0.0.1", { doc: "Address that both ports listen on." }),
  grpcPort: integer("grpc-port", 50_051, PORTS, { doc: "Port of gRPC; 0: any free one." }),
  httpPort: integer("http-port", 8080, PORTS, {
    doc: "Port of HTTP and the WebSocket; 0: any free one.",
  }),
  admin: address("admin", {
    doc: "Address of the operator's calls, such as 127.0.0.1:9090: whoever reaches it may reload models; empty: none.",
  }),
  models: text("models", "models", { doc: "Folder whose subfolders are the models." }),
  cache: text("cache", "", {
    doc: "Folder that keeps graphs derived from models; empty: .cache/scorestream of the user's home.",
  }),
  defaultModel: text("default-model", "", {
    doc: "Model of requests that name none; empty: the first by name.",
  }),
  maxRows: integer("max-rows", 4096, [1, 1_000_000], {
    unit: "rows",
    doc: "Samples that all jobs together may have running or queued; more are refused.",
  }),
  maxActiveRows: integer("max-active-rows", 128, [1, 1_000_000], {
    unit: "rows",
    doc: "Samples that take turns at the network; those behind them wait (docs/scheduling.md).",
  }),
  maxRegisterMib: integer("max-register-mib", 4096, [1, 16_777_216], {
    unit: "MiB",
    doc: "Registers that all jobs together may have or wait for; more are refused.",
  }),
  maxInputMib: integer("max-input-mib", 1024, [1, 16_777_216], {
    unit: "MiB",
    doc: "Memory of pictures and latents of requests that are being read, before they wait for registers; more are refused.",
  }),
  maxResultMib: integer("max-result-mib", 4096, [1, 16_777_216], {
    unit: "MiB",
    doc: "Results that jobs have or may have, ended ones as long as they are remembered: these are forgotten early to make room; more jobs are refused.",
  }),
  maxBacklogS: integer("max-backlog-s", 0, [0, 31_536_000], {
    unit: "s",
    doc: "Predicted device time of a job and of what is of its priority or above; more is refused; 0: no bound.",
  }),
  tenantMaxRows: integer("tenant-max-rows", 0, [0, 1_000_000], {
    unit: "rows",
    doc: "Samples that one tenant may have running or queued; 0: as many as all together.",
  }),
  tenantRegisterMib: integer("tenant-register-mib", 0, [0, 16_777_216], {
    unit: "MiB",
    doc: "Registers that one tenant may have or wait for; 0: as many as all together.",
  }),
  tenantBacklogS: integer("tenant-backlog-s", 0, [0, 31_536_000], {
    unit: "s",
    doc: "As --max-backlog-s, of one tenant's jobs alone; 0: no bound.",
  }),
  tenants: text("tenants", "", {
    doc: "JSON file with weights, bounds and priorities of tenants by name (docs/scheduling.md); empty: none.",
  }),
  maxCount: integer("max-count", 1024, [1, 1_000_000], {
    unit: "samples",
    doc: "Samples that one request may ask for.",
  }),
  maxSteps: integer("max-steps", 10_000, [1, 1_000_000], {
    unit: "steps",
    doc: "Steps that one request may ask for.",
  }),
  maxBatchRows: integer("max-batch-rows", 64, [1, 4096], {
    unit: "rows",
    doc: "Rows that share one network evaluation at most.",
  }),
  maxStepMs: integer("max-step-ms", 250, [1, 60_000], {
    unit: "ms",
    doc: "Time that one batch may take by the measured profile: bounds how long a cancel or a new job waits.",
  }),
  maxEvaluationMib: integer("max-evaluation-mib", 4096, [1, 16_777_216], {
    unit: "MiB",
    doc: "Memory of one run of a network beside its weights, by its graph: bounds the rows of a run; a model of which one row does not fit is not served (docs/large.md).",
  }),
  slabMib: integer("slab-mib", 512, [1, 1_048_576], {
    unit: "MiB",
    doc: "Shared memory for the registers of running rows.",
  }),
  threads: integer("threads", 0, [0, 1024], {
    unit: "threads",
    doc: "Threads inside one network evaluation; 0: as many as there are cores.",
  }),
  team: integer("team", 0, [0, 1024], {
    unit: "workers",
    doc: "Workers that share a batch on the CPU, one thread each, where measured faster; 0: as many as --threads; 1: none. Each holds the weights once more.",
  }),
  providers: choices("providers", "cpu", PROVIDERS, {
    doc: "What runs networks, in order of preference: the first that works here (docs/devices.md).",
  }),
  devices: text("devices", "", {
    doc: "JSON file of several devices, each with providers of its own (docs/devices.md); empty: one, as --providers says.",
  }),
  rewriteNetworks: choice("rewrite-networks", "on", ON_OR_OFF, {
    doc: "Whether a server that has CPUs alone brings networks into an equal form that is faster there (docs/models.md).",
  }),
  isolation: choice("isolation", "thread", ISOLATIONS, {
    doc: "What networks run in: a thread of the server, or a process, which a native crash ends alone.",
  }),
  watchdogS: integer("watchdog-s", 60, [1, 86_400], {
    unit: "s",
    doc: "A batch that takes longer, and 20 times what was measured, is hung: its worker is replaced, its rows run again.",
  }),
  workerHeapMib: integer("worker-heap-mib", 2048, [64, 1_048_576], {
    unit: "MiB",
    doc: "JavaScript heap of a worker, without tensors: one that needs more is replaced.",
  }),
  jobRetentionS: integer("job-retention-s", 300, [0, 86_400], {
    unit: "s",
    doc: "How long an ended job can still be watched.",
  }),
  uploadTtlS: integer("upload-ttl-s", 600, [1, 86_400], {
    unit: "s",
    doc: "How long an upload can be used; uploading the same again starts it anew.",
  }),
  maxUploadMib: integer("max-upload-mib", 64, [1, 1024], {
    unit: "MiB",
    doc: "Largest upload.",
  }),
  uploadStoreMib: integer("upload-store-mib", 512, [1, 1_048_576], {
    unit: "MiB",
    doc: "Memory for all uploads, stored or coming; more are refused until some expire.",
  }),
  uploadTenantMib: integer("upload-tenant-mib", 256, [1, 1_048_576], {
    unit: "MiB",
    doc: "The same for the uploads of one tenant.",
  }),
  maxFrameBytes: integer("max-frame-bytes", 4_194_304, [1024, 1_073_741_824], {
    unit: "bytes",
    doc: "Largest request: a gRPC message or a WebSocket frame.",
  }),
  maxSocketBufferBytes: integer("max-socket-buffer-bytes", 1_048_576, [1024, 1_073_741_824], {
    unit: "bytes",
    doc: "A WebSocket with more than this waiting to be read gets no further events until it drains.",
  }),
  slowReaderS: integer("slow-reader-s", 30, [1, 3600], {
    unit: "s",
    doc: "A WebSocket that is over its buffer and takes nothing for so long is closed (1008).",
  }),
  allowedOrigins: origins("allowed-origins", {
    doc: "Whose pages may open a WebSocket beside the server's own; the page is served under their names too.",
  }),
  drainDelayS: integer("drain-delay-s", 1, [0, 3600], {
    unit: "s",
    doc: "How long a server that got SIGTERM serves on, not ready, until those who send it work have noticed.",
  }),
  shutdownGraceS: integer("shutdown-grace-s", 10, [0, 3600], {
    unit: "s",
    doc: "How long a stopping server lets running requests end after that.",
  }),
  metrics: address("metrics", {
    doc: "Address that answers Prometheus at /metrics, such as 127.0.0.1:9464; empty: none.",
  }),
  otlpEndpoint: httpUrl("otlp-endpoint", {
    doc: "OTLP/HTTP endpoint that gets traces and metrics; empty: none.",
  }),
  otlpIntervalS: integer("otlp-interval-s", 15, [1, 3600], {
    unit: "s",
    doc: "How often metrics are sent there.",
  }),
  tracePercent: integer("trace-percent", 100, [0, 100], {
    unit: "%",
    doc: "Share of the jobs that are traced; a caller's own trace context decides for its own.",
  }),
  logLevel: choice("log-level", "info", LOG_LEVELS, { doc: "What the log on stderr tells." }),
};
