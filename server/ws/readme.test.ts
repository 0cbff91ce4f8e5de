import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import test from "ava";
import { WebSocket } from "ws";
import { SERVED_MODEL, startService } from "../testing/start-service.ts";

const README = fileURLToPath(new URL("../../../README.md", import.meta.url));

test("the README's few lines for a browser get their events", async (t) => {
  const server = await startService();
  t.teardown(() => server.close({ atOnce: true }));
  const readme = await readFile(README, "utf8");
  const [, shown = ""] = /^```js\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  const code = shown
    .replace("127.0.0.1:8080", `127.0.0.1:${server.httpPort}`)
    .replace("color-digits", SERVED_MODEL);
  t.regex(code, /new WebSocket/);
  const frames: { readonly event?: Readonly<Record<string, unknown>> }[] = [];
  const ended = new Promise<void>((resolve) => {
    const log = (frame: (typeof frames)[number]): void => {
      frames.push(frame);
      if (frame.event === undefined || "completed" in frame.event) resolve();
    };
    runInNewContext(code, { WebSocket, console: { log } });
  });
  await ended;
  t.is(frames.filter(({ event }) => event?.sampled !== undefined).length, 4);
  t.true(frames.some(({ event }) => event?.completed !== undefined));
});
