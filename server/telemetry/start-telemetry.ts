import type { RequestListener } from "node:http";
import type { Counter, Histogram } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  type IMetricReader,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";
import type { Config } from "../config/config.ts";
import { allOf, type EngineObserver } from "../engine/observer.ts";
import type { Called } from "../grpc/observe-calls.ts";
import { settled } from "../settled.ts";
import { VERSION } from "../version.ts";
import { jobMetrics } from "./job-metrics.ts";
import { jobSpans } from "./job-spans.ts";
import { type Gauged, serverGauges } from "./server-gauges.ts";

const SCOPE = "scorestream";

/** Bounds of `rpc.server.call.duration`, as its convention has them, in seconds. */
const RPC_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** A collector that does not answer holds up the end of the server for so long, in ms. */
const STOP_MS = 5_000;

/** What is told of the server to those who watch it. */
export interface Telemetry {
  readonly observer: EngineObserver;
  /** A gRPC call has ended. */
  readonly called: Called;
  /** A worker was lost and is replaced. @param task what it was doing, or "none" */
  workerLost(task: string): void;
  /** What gauges read, from now on. */
  gauge(read: () => Gauged): void;
  /** Answers Prometheus; undefined where it is not asked for. */
  readonly metrics: RequestListener | undefined;
  /** Sends what has not been sent, for at most `STOP_MS`, and ends. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Metrics for Prometheus (`--metrics`), and metrics and traces by OTLP (`--otlp-endpoint`). Nothing is global: two
 * servers in one process tell of themselves alone.
 *
 * @returns undefined where neither is asked for: then telemetry costs nothing
 */
export function startTelemetry(
  config: Pick<Config, "metrics" | "otlpEndpoint" | "otlpIntervalS" | "tracePercent">,
): Telemetry | undefined {
  const { metrics, otlpEndpoint } = config;
  if (metrics === "" && otlpEndpoint === "") return undefined;
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: "scorestream",
    [ATTR_SERVICE_VERSION]: VERSION,
  });
  const url = (path: string): string => `${otlpEndpoint.replace(/\/$/, "")}${path}`;
  const prometheus =
    metrics === "" ? undefined : new PrometheusExporter({ preventServerStart: true });
  const readers: IMetricReader[] = prometheus === undefined ? [] : [prometheus];
  if (otlpEndpoint !== "") {
    const exporter = new OTLPMetricExporter({ url: url("/v1/metrics") });
    const exportIntervalMillis = 1000 * config.otlpIntervalS;
    readers.push(new PeriodicExportingMetricReader({ exporter, exportIntervalMillis }));
  }
  const meters = new MeterProvider({ resource, readers });
  const meter = meters.getMeter(SCOPE, VERSION);
  const tracers =
    otlpEndpoint === ""
      ? undefined
      : new TracerProvider({
          resource,
          sampler: new ParentBasedSampler({
            root: new TraceIdRatioBasedSampler(config.tracePercent / 100),
          }),
          spanProcessors: [
            new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: url("/v1/traces") }) }),
          ],
        });
  const calls: Histogram = meter.createHistogram("rpc.server.call.duration", {
    description: "gRPC calls",
    unit: "s",
    advice: { explicitBucketBoundaries: RPC_SECONDS },
  });
  const lost: Counter = meter.createCounter("scorestream.worker.restarts", {
    description: "Workers that were lost and replaced",
    unit: "{worker}",
  });
  const observers = [jobMetrics(meter)];
  if (tracers !== undefined) observers.push(jobSpans(tracers.getTracer(SCOPE, VERSION)));
  let stopGauges = (): void => {};
  return {
    observer: allOf(observers),
    called(method, seconds, code) {
      calls.record(seconds, {
        "rpc.system.name": "grpc",
        "rpc.method": method,
        "rpc.response.status_code": code,
      });
    },
    workerLost(task) {
      lost.add(1, { "scorestream.worker.task": task });
    },
    gauge(read) {
      stopGauges = serverGauges(meter, read);
    },
    metrics:
      prometheus && ((request, response) => prometheus.getMetricsRequestHandler(request, response)),
    async stop() {
      stopGauges();
      await settled([meters.shutdown(), tracers?.shutdown()], STOP_MS);
    },
  };
}
