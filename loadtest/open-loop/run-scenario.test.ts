import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { WebSocketServer } from "ws";
import { SampleRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { spawnServer } from "../spawn.ts";
import { compare, worse } from "./compare.ts";
import { planOf } from "./plan.ts";
import { readScenario } from "./read-scenario.ts";
import { reportOf } from "./report.ts";
import { reportHtml } from "./report-html.ts";
import { reportText } from "./report-text.ts";
import { runScenario } from "./run-scenario.ts";
import { webSocketConnection } from "./web-socket-connection.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

test("a scenario in two processes over both front ends: every job of the plan is accounted for", async (t) => {
  const path = `${ROOT}loadtest/scenarios/quick.yaml`;
  const scenario = { ...(await readScenario(path)), processes: 2 };
  const server = await spawnServer(["--log-level", "warn", "--models", `${ROOT}models`]);
  try {
    const url = `${server.http.replace("http", "ws")}/v1/stream`;
    const outcome = await runScenario(scenario, { path, target: { grpc: server.grpc, url } });
    const report = reportOf(scenario, outcome, "2026-01-01T00:00:00.000Z");
    const counted = [...planOf(scenario)].filter((arrival) => arrival.counted);
    t.is(report.all.planned, counted.length);
    t.is(report.all.unsent, 0);
    // A cancel may come when the job has just completed, so these are bounds and not counts.
    const outcomes = report.all.outcomes;
    const cancels = counted.filter(({ cancelAt }) => cancelAt !== undefined).length;
    t.true((outcomes["cancelled by caller"] ?? 0) > 0);
    t.true((outcomes["cancelled by caller"] ?? 0) <= cancels);
    t.deepEqual(Object.keys(outcomes).sort(), ["cancelled by caller", "completed"]);
    const judged = counted.filter(({ cancelAt, slow }) => cancelAt === undefined && !slow);
    t.is(report.all.judged, judged.length);
    const { firstEvent, firstPreview, total } = report.all.latencies;
    t.true(firstEvent.count >= judged.length && firstPreview.p50 >= firstEvent.p50);
    t.true(total.p50 >= firstPreview.p50);
    t.is(
      report.moments.reduce((sum, { scheduled }) => sum + scheduled, 0),
      [...planOf(scenario)].length,
    );
    t.is(report.moments.at(-1)?.inFlight, 0);
    t.regex(reportText(report), /all jobs: \d+ jobs: completed \d+/);
    const html = reportHtml(report);
    t.regex(html, /<polyline/);
    t.false(/https?:\/\/(?!www\.w3\.org)/.test(html));
    const rows = compare(report, report);
    t.true(rows.length > 10 && rows.every(({ ratio }) => ratio === 1));
    t.deepEqual(worse(rows, 0), []);
    const slower = {
      ...report,
      perSecond: { ...report.perSecond, jobs: report.perSecond.jobs / 2 },
    };
    t.deepEqual(
      worse(compare(report, slower), 0.05).map(({ name }) => name),
      ["jobs/s"],
    );
  } finally {
    await server.stop();
  }
});

test("jobs that would be too many in flight are not sent, are counted, and are no goodput", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-loadtest-"));
  const path = join(folder, "crowded.yaml");
  const request = {
    sample: { model: "gaussian-mixture-vp", sampler: { fast: { method: "ddim", steps: 5000 } } },
  };
  const crowded = {
    name: "crowded",
    maxInFlight: 2,
    warmupS: 0,
    settle: false,
    arrivals: [{ process: "poisson", rate: 40, seconds: 1 }],
    tasks: [{ name: "long", request }],
  };
  await writeFile(path, JSON.stringify(crowded));
  const models = join(folder, "models");
  await mkdir(models);
  await symlink(`${ROOT}models/gaussian-mixture-vp`, join(models, "gaussian-mixture-vp"));
  const server = await spawnServer(["--log-level", "warn", "--models", models]);
  try {
    const scenario = await readScenario(path);
    const outcome = await runScenario(scenario, { path, target: { grpc: server.grpc, url: "" } });
    const { all, perSecond } = reportOf(scenario, outcome, "2026-01-01T00:00:00.000Z");
    t.true(all.unsent > 0 && all.unsent < all.planned, JSON.stringify(all.outcomes));
    t.is(all.judged, all.planned);
    t.is(all.goodput, (all.planned - all.unsent) / all.planned);
    t.is(perSecond.images, perSecond.results);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

test("a socket that has closed sends nothing more: what comes then is unsent at once", async (t) => {
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(sockets, "listening");
  const { port } = sockets.address() as AddressInfo;
  const connection = await webSocketConnection(`ws://127.0.0.1:${port}`);
  const request = { $case: "sample", value: SampleRequest.create() } as const;
  const end = () =>
    new Promise((resolve) => connection.start(request, { onEvent() {}, onEnd: resolve }));
  const running = end();
  for (const socket of sockets.clients) socket.terminate();
  t.is(await running, "connection-lost");
  t.is(await end(), "unsent");
  sockets.close();
});

test("a server that can't be reached ends the run with the reason", async (t) => {
  const path = fileURLToPath(new URL("../../../loadtest/scenarios/quick.yaml", import.meta.url));
  const target = { grpc: "127.0.0.1:1", url: "ws://127.0.0.1:1" };
  await t.throwsAsync(runScenario(await readScenario(path), { path, target }), {
    message: /ECONNREFUSED 127\.0\.0\.1:1/,
  });
});
