import test, { type ExecutionContext } from "ava";
import { silent, testConfig } from "../testing/config.ts";
import { ScriptedService } from "../testing/scripted-service.ts";
import { startHttp } from "./start-http.ts";

async function serveHttp(t: ExecutionContext): Promise<{ service: ScriptedService; base: string }> {
  const service = new ScriptedService();
  const http = await startHttp(service, testConfig(), silent, {
    readiness: () => ({
      reasons: ["no model is loaded"],
      problems: [{ model: "a", message: "a/model.json: missing" }],
    }),
  });
  t.teardown(() => http.close(0));
  return { service, base: `http://127.0.0.1:${http.port}` };
}

test("/healthz is 200 whether the service is ready or not", async (t) => {
  const { base, service } = await serveHttp(t);
  service.ready = false;
  const response = await fetch(`${base}/healthz`);
  t.is(response.status, 200);
  t.deepEqual(await response.json(), { alive: true });
});

test("/readyz follows the service, with the reasons", async (t) => {
  const { base, service } = await serveHttp(t);
  const ready = await fetch(`${base}/readyz?probe=1`);
  t.is(ready.status, 200);
  const problems = ["a/model.json: missing"];
  t.deepEqual(await ready.json(), { ready: true, reasons: [], problems });
  service.ready = false;
  const unready = await fetch(`${base}/readyz`);
  t.is(unready.status, 503);
  t.deepEqual(await unready.json(), {
    ready: false,
    reasons: ["no model is loaded"],
    problems,
  });
});

test("anything else is 404 and lists what there is", async (t) => {
  const { base } = await serveHttp(t);
  for (const path of ["/health", "/__proto__", "/v1/stream/"]) {
    const response = await fetch(base + path);
    t.is(response.status, 404, path);
    t.regex(await response.text(), /"\/healthz":.*"\/readyz":.*"\/v1\/stream":/);
  }
});

test("another method is 405 and says which are served", async (t) => {
  const { base } = await serveHttp(t);
  const response = await fetch(`${base}/healthz`, { method: "POST", body: "x" });
  t.is(response.status, 405);
  t.is(response.headers.get("allow"), "GET, HEAD");
  t.regex(await response.text(), /POST is not served here/);
});

test("HEAD has the headers of GET and no body", async (t) => {
  const { base } = await serveHttp(t);
  const response = await fetch(`${base}/healthz`, { method: "HEAD" });
  t.is(response.status, 200);
  t.is(response.headers.get("content-length"), '{"alive":true}\n'.length.toString());
  t.is(await response.text(), "");
});

test("the WebSocket's path without an upgrade is 426", async (t) => {
  const { base } = await serveHttp(t);
  const response = await fetch(`${base}/v1/stream`);
  t.is(response.status, 426);
  t.is(response.headers.get("upgrade"), "websocket");
});

test("answers are JSON that is not sniffed or cached, and do not name the software", async (t) => {
  const { base } = await serveHttp(t);
  const { headers } = await fetch(`${base}/readyz`);
  t.is(headers.get("content-type"), "application/json; charset=utf-8");
  t.is(headers.get("x-content-type-options"), "nosniff");
  t.is(headers.get("cache-control"), "no-store");
  t.is(headers.get("x-powered-by"), null);
  t.is(headers.get("server"), null);
});

test("a port that is taken is an error of the start", async (t) => {
  const { base } = await serveHttp(t);
  const config = testConfig({ httpPort: Number(new URL(base).port) });
  await t.throwsAsync(startHttp(new ScriptedService(), config, silent), { code: "EADDRINUSE" });
});
