import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { SampleRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { connectGrpc, readAll } from "../testing/grpc-client.ts";
import { startService } from "../testing/start-service.ts";

const DOCS = fileURLToPath(new URL("../../../docs/", import.meta.url));
const PROMTOOL = "/usr/bin/promtool";
/** Counted only when something goes wrong, so not in a scrape of a server where nothing has. */
const RARE = [
  "scorestream_job_rejections_total",
  "scorestream_batch_failures_total",
  "scorestream_worker_restarts_total",
  "scorestream_previews_dropped_total",
];

test("every metric that the docs, the dashboard and the alerts name exists, and the docs name every one", async (t) => {
  const server = await startService({ metrics: "127.0.0.1:0" });
  t.teardown(() => server.close({ atOnce: true }));
  const client = connectGrpc(server.grpcPort);
  await readAll(client.sample(SampleRequest.fromPartial({ preview: { everySteps: 10 } })));
  client.close();
  const text = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
  const known = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? "");
  const there = new Set([...known, ...RARE].filter((name) => name !== "target_info"));
  for (const file of [
    "operations.md",
    "telemetry/grafana-dashboard.json",
    "telemetry/prometheus-alerts.yml",
  ]) {
    const page = await readFile(`${DOCS}${file}`, "utf8");
    const names = page.match(/\b(?:scorestream|rpc_server|nodejs|process)_[a-z0-9_]+/g) ?? [];
    const labels = /^scorestream_(?:row_state|task|model|graph|device|worker_task|priority)$/;
    const metrics = new Set(
      names
        .filter((name) => !labels.test(name))
        .map((name) => name.replace(/_(?:bucket|sum|count)$/, "")),
    );
    t.deepEqual(
      [...metrics].filter((name) => !there.has(name)),
      [],
      file,
    );
    if (file !== "operations.md") continue;
    t.deepEqual(
      [...there].filter((name) => !metrics.has(name)),
      [],
      "not in operations.md",
    );
  }
});

const checked = existsSync(PROMTOOL) ? test : test.skip;
checked(
  "Prometheus takes the alert rules (skipped without promtool: apt-get install prometheus)",
  async (t) => {
    const rules = `${DOCS}telemetry/prometheus-alerts.yml`;
    const { stdout } = await promisify(execFile)(PROMTOOL, ["check", "rules", rules]);
    t.regex(stdout, /SUCCESS: 7 rules found/);
  },
);
