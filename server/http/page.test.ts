import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { silent, testConfig } from "../testing/config.ts";
import { ScriptedService } from "../testing/scripted-service.ts";
import { readPage } from "./page.ts";
import { startHttp } from "./start-http.ts";

/** A server of a page of two files, in a folder beside one that must not be served. @returns its port */
async function servePage(t: ExecutionContext): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-page-"));
  t.teardown(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "public"));
  await writeFile(join(folder, "secret.html"), "secret");
  await writeFile(join(folder, "public", "index.html"), "<!doctype html><title>page</title>");
  await writeFile(join(folder, "public", "main-ABCD2345.js"), "export {};");
  const page = await readPage(join(folder, "public"));
  const http = await startHttp(new ScriptedService(), testConfig(), silent, { page });
  t.teardown(() => http.close(0));
  return http.port;
}

/** The status of a path as it stands: fetch would resolve the dots in it. */
function statusOf(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, path, host: "127.0.0.1" }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject).end();
  });
}

test("/ and /index.html are the page, which is asked for again each time", async (t) => {
  const port = await servePage(t);
  for (const path of ["/", "/?model=x", "/index.html"]) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    t.is(response.status, 200, path);
    t.is(await response.text(), "<!doctype html><title>page</title>");
    t.is(response.headers.get("content-type"), "text/html; charset=utf-8");
    t.is(response.headers.get("cache-control"), "no-cache");
  }
});

test("a file whose name has its hash is kept for good", async (t) => {
  const port = await servePage(t);
  const { headers } = await fetch(`http://127.0.0.1:${port}/main-ABCD2345.js`);
  t.is(headers.get("content-type"), "text/javascript; charset=utf-8");
  t.is(headers.get("cache-control"), "public, max-age=31536000, immutable");
});

test("a file that the browser has is 304, by its tag", async (t) => {
  const url = `http://127.0.0.1:${await servePage(t)}/`;
  const etag = (await fetch(url)).headers.get("etag") ?? "";
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const again = await fetch(url, { headers: { "if-none-match": tag } });
    t.deepEqual([again.status, await again.text()], [304, ""], tag);
  }
  const other = await fetch(url, { headers: { "if-none-match": '"other"' } });
  t.is(other.status, 200);
});

test("HEAD has the headers of GET and no body", async (t) => {
  const url = `http://127.0.0.1:${await servePage(t)}/`;
  const response = await fetch(url, { method: "HEAD" });
  t.is(response.headers.get("content-length"), "34");
  t.is(await response.text(), "");
});

test("the policy lets the page load its own files alone", async (t) => {
  const { headers } = await fetch(`http://127.0.0.1:${await servePage(t)}/`);
  const policy = headers.get("content-security-policy") ?? "";
  t.regex(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  t.notRegex(policy, /unsafe|\*/);
  t.is(headers.get("x-content-type-options"), "nosniff");
  t.is(headers.get("referrer-policy"), "no-referrer");
});

test("nothing outside the folder is served, however the path is written", async (t) => {
  const port = await servePage(t);
  const paths = [
    "/../secret.html",
    "/%2e%2e/secret.html",
    "/..%2fsecret.html",
    "/public/../secret.html",
    "//secret.html",
    "/main-ABCD2345.js/../../secret.html",
    "/constructor",
  ];
  for (const path of paths) t.is(await statusOf(port, path), 404, path);
});

test("a page that was not built is 404 and says what builds it", async (t) => {
  const page = await readPage(join(tmpdir(), "scorestream-no-such-folder"));
  const http = await startHttp(new ScriptedService(), testConfig(), silent, { page });
  t.teardown(() => http.close(0));
  const response = await fetch(`http://127.0.0.1:${http.port}/`);
  t.is(response.status, 404);
  t.regex(await response.text(), /npm run build/);
});
