/** What a log may be set to, from the quietest to the loudest. */
export const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a worker runs in. */
export const ISOLATIONS = ["thread", "process"] as const;

export type Isolation = (typeof ISOLATIONS)[number];

/** What a switch is. */
export const ON_OR_OFF = ["on", "off"] as const;

/** Everything about the server that can be set. `SETTINGS` says what each means, its unit and its range. */
export interface Config {
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly admin: string;
  readonly models: string;
  readonly cache: string;
  readonly defaultModel: string;
  readonly maxRows: number;
  readonly maxActiveRows: number;
  readonly maxRegisterMib: number;
  readonly maxInputMib: number;
  readonly maxResultMib: number;
  readonly maxBacklogS: number;
  readonly tenantMaxRows: number;
  readonly tenantRegisterMib: number;
  readonly tenantBacklogS: number;
  readonly tenants: string;
  readonly maxCount: number;
  readonly maxSteps: number;
  readonly maxBatchRows: number;
  readonly maxStepMs: number;
  readonly maxEvaluationMib: number;
  readonly slabMib: number;
  readonly threads: number;
  readonly team: number;
  readonly providers: string;
  readonly devices: string;
  readonly rewriteNetworks: (typeof ON_OR_OFF)[number];
  readonly isolation: Isolation;
  readonly watchdogS: number;
  readonly workerHeapMib: number;
  readonly jobRetentionS: number;
  readonly uploadTtlS: number;
  readonly maxUploadMib: number;
  readonly uploadStoreMib: number;
  readonly uploadTenantMib: number;
  readonly maxFrameBytes: number;
  readonly maxSocketBufferBytes: number;
  readonly slowReaderS: number;
  readonly allowedOrigins: string;
  readonly drainDelayS: number;
  readonly shutdownGraceS: number;
  readonly metrics: string;
  readonly otlpEndpoint: string;
  readonly otlpIntervalS: number;
  readonly tracePercent: number;
  readonly logLevel: LogLevel;
}

/** A setting that is unknown or unparsable: the program should print the message and exit with code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
