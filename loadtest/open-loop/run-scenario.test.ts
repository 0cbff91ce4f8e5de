import { fileURLToPath } from "node:url";
import test from "ava";
import { spawnServer } from "../spawn.ts";
import { compare, worse } from "./compare.ts";
import { planOf } from "./plan.ts";
import { readScenario } from "./read-scenario.ts";
import { reportOf } from "./report.ts";
import { reportHtml } from "./report-html.ts";
import { reportText } from "./report-text.ts";
import { runScenario } from "./run-scenario.ts";

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

test("a server that can't be reached ends the run with the reason", async (t) => {
  const path = fileURLToPath(new URL("../../../loadtest/scenarios/quick.yaml", import.meta.url));
  const target = { grpc: "127.0.0.1:1", url: "ws://127.0.0.1:1" };
  await t.throwsAsync(runScenario(await readScenario(path), { path, target }), {
    message: /ECONNREFUSED 127\.0\.0\.1:1/,
  });
});
