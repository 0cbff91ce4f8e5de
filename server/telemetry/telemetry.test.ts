import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import { SampleRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Config } from "../config/config.ts";
import type { RunningServer } from "../start.ts";
import { connectGrpc, readAll } from "../testing/grpc-client.ts";
import { startOtlpReceiver } from "../testing/otlp-receiver.ts";
import { SERVED_MODEL, startService } from "../testing/start-service.ts";
import { WsClient } from "../testing/ws-client.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PROMETHEUS = "/usr/bin/prometheus";

const ANY = "127.0.0.1:0";

/** A server that is closed when the test is over, however that went. */
async function started(t: ExecutionContext, config: Partial<Config>): Promise<RunningServer> {
  const server = await startService(config);
  t.teardown(() => server.close({ atOnce: true }));
  return server;
}

function sampling(steps: number, count = 2): SampleRequest {
  return SampleRequest.fromPartial({
    model: SERVED_MODEL,
    count,
    sampler: { method: { $case: "fast", value: { method: "ddim", steps } } },
    preview: { everySteps: 1 },
  });
}

/** Samples over gRPC in a caller's trace. */
async function sampleInTrace(server: RunningServer, span: string, request = sampling(20)) {
  const client = connectGrpc(server.grpcPort);
  try {
    const metadata = new Metadata();
    metadata.set("traceparent", `00-${TRACE}-${span}-01`);
    return await readAll(client.sample(request, metadata));
  } finally {
    client.close();
  }
}

async function scrape({ metricsPort }: RunningServer): Promise<string> {
  return (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
}

/** The value of a sample whose labels have the given parts. */
function sampleOf(text: string, name: string, ...labels: string[]): number {
  const line = text
    .split("\n")
    .find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)));
  return line === undefined ? Number.NaN : Number(line.slice(line.lastIndexOf("}") + 1).trim());
}

test("a job's spans lie in its caller's trace, and each batch's span links to what ran in it", async (t) => {
  const collector = await startOtlpReceiver();
  const server = await startService({ otlpEndpoint: collector.url, otlpIntervalS: 1 });
  const spans = ["00000000000000a1", "00000000000000a2"];
  const ended = await Promise.all(spans.map((span) => sampleInTrace(server, span)));
  t.deepEqual(
    ended.map(({ status }) => status.code),
    [0, 0],
  );
  const ws = await WsClient.connect(server.httpPort);
  const socketSpan = "00000000000000b1";
  ws.sendJson({
    id: "1",
    traceparent: `00-${TRACE}-${socketSpan}-01`,
    sample: { model: "no such model" },
  });
  ws.sendJson({
    id: "2",
    traceparent: `00-${TRACE}-${socketSpan}-01`,
    sample: { model: SERVED_MODEL, sampler: { fast: { method: "ddim", steps: 5 } } },
  });
  await ws.readAll("2");
  ws.socket.close();
  await server.close({ atOnce: true });
  collector.close();

  const jobs = collector.spans.filter(({ name }) => name === "job sample");
  t.deepEqual(jobs.map(({ parentSpanId }) => parentSpanId).sort(), [...spans, socketSpan]);
  t.true(jobs.every(({ traceId, statusCode }) => traceId === TRACE && statusCode === 0));
  for (const job of jobs) {
    const parts = collector.spans.filter(({ parentSpanId }) => parentSpanId === job.spanId);
    t.deepEqual(parts.map(({ name }) => name).sort(), ["queued", "running"]);
    t.is(job.attributes["scorestream.model"], SERVED_MODEL);
  }
  const running = new Set(
    collector.spans.filter(({ name }) => name === "running").map(({ spanId }) => spanId),
  );
  const batches = collector.spans.filter(({ name }) => name === "batch");
  t.true(batches.length >= 20);
  for (const { links, parentSpanId } of batches) {
    t.true(links.length > 0 && parentSpanId === "");
    t.true(links.every((link) => link.traceId === TRACE && running.has(link.spanId)));
  }
  t.true((collector.requests.get("/v1/metrics") ?? 0) > 0);
});

test("a job that fails says so in its span; a caller that is not sampled has none", async (t) => {
  const collector = await startOtlpReceiver();
  const server = await startService({ otlpEndpoint: collector.url });
  const failing = SampleRequest.fromPartial({
    model: SERVED_MODEL,
    sampler: {
      method: { $case: "probabilityFlow", value: { solver: "rk45", maxEvaluations: 20n } },
    },
  });
  t.is((await sampleInTrace(server, "00000000000000c1", failing)).status.code, 9);
  const client = connectGrpc(server.grpcPort);
  const unsampled = new Metadata();
  unsampled.set("traceparent", `00-${TRACE}-00000000000000c2-00`);
  t.is((await readAll(client.sample(sampling(5), unsampled))).status.code, 0);
  client.close();
  await server.close({ atOnce: true });
  collector.close();
  const jobs = collector.spans.filter(({ name }) => name === "job sample");
  t.deepEqual(
    jobs.map(({ parentSpanId, statusCode, attributes }) => [
      parentSpanId,
      statusCode,
      attributes["error.type"],
    ]),
    [["00000000000000c1", 2, "solver-failed"]],
  );
});

test("a collector that never answers holds up the end of the server for less than its own time limits", async (t) => {
  let [asked, dropped] = [false, false];
  const collector = createServer((socket) => {
    let mine = false;
    socket.on("data", (data) => {
      mine ||= data.toString("latin1").includes("POST /v1/metrics");
      asked ||= mine;
    });
    // The exporter does so when a limit of its own has passed.
    socket.on("close", () => {
      dropped ||= mine;
    });
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  t.teardown(() => collector.close());
  const { port } = collector.address() as AddressInfo;
  const server = await startService({
    otlpEndpoint: `http://127.0.0.1:${port}`,
    otlpIntervalS: 3600,
  });
  await sampleInTrace(server, "00000000000000f1");
  await server.close({ atOnce: true });
  // A drop takes a few turns to get here.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual({ asked, dropped }, { asked: true, dropped: false });
});

test("Prometheus's text counts what happened", async (t) => {
  const server = await started(t, { metrics: ANY });
  await sampleInTrace(server, "00000000000000d1", sampling(20, 3));
  const client = connectGrpc(server.grpcPort);
  const tooMany = await readAll(
    client.sample(
      SampleRequest.fromPartial({ count: 3, options: { tenant: "small", priority: 2 } }),
    ),
  );
  t.is(tooMany.status.code, 8);
  client.close();
  const text = await scrape(server);
  const model = `scorestream_model="${SERVED_MODEL}"`;
  t.is(sampleOf(text, "scorestream_evaluations_total", model, 'scorestream_graph="score"'), 60);
  t.is(sampleOf(text, "scorestream_batch_padding_total", model), 0);
  t.is(sampleOf(text, "scorestream_job_duration_count", model, 'scorestream_task="sample"'), 1);
  t.is(sampleOf(text, "scorestream_job_first_preview_duration_count", model), 1);
  t.is(sampleOf(text, "scorestream_job_queue_duration_count", model), 1);
  t.is(sampleOf(text, "scorestream_job_rejections_total", 'error_type="too-large"'), 1);
  t.is(sampleOf(text, "scorestream_batch_rows_sum", model), 60);
  t.true(sampleOf(text, "scorestream_device_busy_total") > 0);
  const calls = "rpc_server_call_duration_count";
  t.is(sampleOf(text, calls, 'rpc_method="scorestream.v1.ScoreStream/Sample"', '"OK"'), 1);
  t.is(
    sampleOf(text, calls, 'rpc_method="scorestream.v1.ScoreStream/Sample"', '"RESOURCE_EXHAUSTED"'),
    1,
  );
  for (const [name, value] of [
    ["scorestream_jobs", 0],
    ["scorestream_ready", 1],
    ["scorestream_slab_usage", 0],
    ["scorestream_queue_age", 0],
  ] as const) {
    t.is(sampleOf(text, name), value, name);
  }
  t.true(sampleOf(text, "scorestream_slab_limit") > 0);
  t.is((await fetch(`http://127.0.0.1:${server.metricsPort}/else`)).status, 404);
});

/** A port that was free a moment ago: Prometheus has to be told a number, and does not tell which it took. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A question of Prometheus's own language, asked until it has an answer. */
async function ask(t: ExecutionContext, port: number, query: string): Promise<number> {
  for (let tries = 0; tries < 300; tries++) {
    try {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
      const { data } = (await (await fetch(url)).json()) as {
        data?: { result: { value: [number, string] }[] };
      };
      const value = data?.result[0]?.value[1];
      if (value !== undefined) return Number(value);
    } catch {
      // It has not begun to listen.
    }
    await setTimeout(100);
  }
  t.fail(`Prometheus never answered ${query}`);
  return Number.NaN;
}

const whereItIs = existsSync(PROMETHEUS) ? test : test.skip;
whereItIs(
  "the real Prometheus scrapes it (skipped without /usr/bin/prometheus: apt-get install prometheus)",
  async (t) => {
    const server = await started(t, { metrics: ANY });
    const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
    await sampleInTrace(server, "00000000000000e1", sampling(10));
    const config = {
      global: { scrape_interval: "200ms", scrape_timeout: "200ms" },
      scrape_configs: [
        {
          job_name: "scorestream",
          static_configs: [{ targets: [`127.0.0.1:${server.metricsPort}`] }],
        },
      ],
    };
    await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config));
    const port = await freePort();
    const prometheus = spawn(
      PROMETHEUS,
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    const gone = new Promise((resolve) => prometheus.once("exit", resolve));
    try {
      t.is(await ask(t, port, "scorestream_evaluations_total"), 20);
      t.is(await ask(t, port, 'up{job="scorestream"}'), 1);
      const p95 = "histogram_quantile(0.95, scorestream_job_duration_bucket)";
      t.true((await ask(t, port, p95)) > 0);
    } finally {
      prometheus.kill();
      await gone;
      await rm(folder, { recursive: true });
    }
  },
);
