import test from "ava";
import { WebSocket } from "ws";
import { serveWs } from "./harness.ts";
import { isOriginAllowed, readOrigins } from "./origin.ts";

test("a page of the same origin may connect, and a program that names none", (t) => {
  t.true(isOriginAllowed("http://127.0.0.1:8080", "127.0.0.1:8080", []));
  t.true(isOriginAllowed("https://digits.example", "Digits.Example", []));
  t.true(isOriginAllowed(undefined, "127.0.0.1:8080", []));
});

test("any other page may not: another host, port, or no origin to speak of", (t) => {
  const origins = ["http://evil.example", "http://127.0.0.1:8081", "http://127.0.0.1", "null", ""];
  for (const origin of origins) t.false(isOriginAllowed(origin, "127.0.0.1:8080", []), origin);
  t.false(isOriginAllowed("http://127.0.0.1:8080", undefined, []));
});

test("the setting names more", (t) => {
  const allowed = readOrigins(" https://a.example, http://b.example:3000 ,");
  t.deepEqual(allowed, ["https://a.example", "http://b.example:3000"]);
  t.true(isOriginAllowed("https://a.example", "127.0.0.1:8080", allowed));
  t.false(isOriginAllowed("http://a.example", "127.0.0.1:8080", allowed));
  t.true(isOriginAllowed("null", "127.0.0.1:8080", readOrigins("*")));
});

/** What became of a socket that a page at this origin opens: "open", or the status of the refusal. */
function connect(port: number, origin?: string, host?: string): Promise<string | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/stream`, {
    ...(origin === undefined ? {} : { origin }),
    ...(host === undefined ? {} : { headers: { host } }),
  });
  return new Promise((resolve) => {
    socket.on("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.on("error", () => {});
    socket.on("unexpected-response", (request, { statusCode }) => {
      request.destroy();
      resolve(statusCode ?? 0);
    });
  });
}

test("an upgrade from another origin is 403, and serves nothing", async (t) => {
  const { http } = await serveWs(t, { allowedOrigins: "https://friend.example" });
  t.is(await connect(http.port, "http://evil.example"), 403);
  t.is(await connect(http.port, `http://127.0.0.1:${http.port}`), "open");
  t.is(await connect(http.port, "https://friend.example"), "open");
});

test("a page whose name leads here, so that its origin and Host agree, is 403 all the same", async (t) => {
  const { http } = await serveWs(t, { allowedOrigins: "https://friend.example" });
  t.is(await connect(http.port, "http://evil.example", "evil.example"), 403);
  t.is(await connect(http.port, "https://friend.example", "friend.example"), "open");
  t.is(await connect(http.port, undefined, "any.example"), "open", "a program names no origin");
});
