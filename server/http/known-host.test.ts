import { request } from "node:http";
import { hostname } from "node:os";
import test from "ava";
import { silent, testConfig } from "../testing/config.ts";
import { ScriptedService } from "../testing/scripted-service.ts";
import { isHostKnown, knownNames } from "./known-host.ts";
import { readPage } from "./page.ts";
import { startHttp } from "./start-http.ts";

test("addresses, localhost and this machine's own name are known, other names are not", (t) => {
  const names = knownNames("127.0.0.1", []) ?? [];
  const own = [
    "127.0.0.1",
    "127.0.0.1:8080",
    "[::1]:8080",
    "192.168.1.7",
    "LOCALHOST:1",
    hostname(),
  ];
  for (const host of [...own, "app.localhost"]) t.true(isHostKnown(host, names), host);
  const others = [
    "evil.example",
    "evil.example:8080",
    "127.0.0.1.evil.example",
    "localhost.evil",
    "",
  ];
  for (const host of others) t.false(isHostKnown(host, names), host);
  t.false(isHostKnown(undefined, names));
});

test("names of allowed origins, and the one that it listens on, are known; with * all are", (t) => {
  const names = knownNames("digits.internal", ["https://digits.example", "http://b.example:3000"]);
  for (const host of ["digits.example", "Digits.Example:8080", "b.example", "digits.internal:1"]) {
    t.true(isHostKnown(host, names ?? []), host);
  }
  t.is(knownNames("127.0.0.1", ["*"]), undefined);
});

test("the page is not served under a name that is not known, and says which setting makes it so", async (t) => {
  const page = await readPage();
  const http = await startHttp(new ScriptedService(), testConfig(), silent, {
    page,
    names: knownNames("127.0.0.1", ["https://digits.example"]),
    grpcPort: 1234,
  });
  t.teardown(() => http.close(0));
  const get = (path: string, host: string): Promise<{ status: number | undefined; body: string }> =>
    new Promise((resolve, reject) => {
      const sent = request({ port: http.port, path, headers: { host } }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => resolve({ status: response.statusCode, body }));
      });
      sent.on("error", reject).end();
    });
  for (const path of ["/", "/server.json"]) {
    const refused = await get(path, "evil.example");
    t.is(refused.status, 421, path);
    t.regex(refused.body, /Host: seen \\"evil\.example\\", .*--allowed-origins/);
    t.is((await get(path, "digits.example")).status, 200, path);
  }
  t.deepEqual(JSON.parse((await get("/server.json", "127.0.0.1")).body), { grpcPort: 1234 });
  t.is(
    (await get("/healthz", "evil.example")).status,
    200,
    "those who watch it use names of their own",
  );
});
