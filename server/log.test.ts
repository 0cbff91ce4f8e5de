import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import { ServerProcess } from "./testing/server-process.ts";
import { MODELS } from "./testing/start-engine.ts";
import { SERVED_MODEL } from "./testing/start-service.ts";
import { WsClient } from "./testing/ws-client.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

test("a log, at its fullest, has the ids of callers' traces, and neither their pictures nor their keys", async (t) => {
  const models = await mkdtemp(join(tmpdir(), "scorestream-models-"));
  await symlink(join(MODELS, SERVED_MODEL), join(models, SERVED_MODEL));
  const server = await ServerProcess.start(["--log-level=trace", `--models=${models}`]);
  t.teardown(async () => {
    server.kill();
    await rm(models, { recursive: true });
  });
  const client = await WsClient.connect(server.httpPort);
  const create = { width: 4, height: 4, channels: 3, background: "#7f3f1f" } as const;
  const picture = (await sharp({ create }).png().toBuffer()).toString("base64");
  const key = "the-caller's-own-key";
  const sample = { model: SERVED_MODEL, options: { idempotencyKey: key } };
  const inpaint = (data: string) => ({ inpaint: { image: { data }, mask: { data } } });
  const requests = [
    sample,
    { ...sample, count: 2 }, // the key of another request
    { model: SERVED_MODEL, condition: inpaint(picture) }, // as it should be
    { model: SERVED_MODEL, condition: inpaint(`${picture}%`) }, // no base64
    { model: SERVED_MODEL, condition: inpaint(picture.slice(0, 40)) }, // half a picture
  ];
  const codes: (string | undefined)[] = [];
  for (const [i, request] of requests.entries()) {
    const traceparent = `00-${TRACE}-00000000000000a${i}-01`;
    client.sendJson({ id: `${i}`, traceparent, sample: request });
    const last = (await client.readAll(`${i}`)).at(-1)?.frame.response;
    codes.push(last?.$case === "error" ? last.value.code : last?.$case);
  }
  const wrong = "invalid-argument";
  t.deepEqual(codes, ["event", wrong, "event", wrong, wrong]);
  client.socket.close();
  server.signal("SIGINT");
  await server.exit();

  const log = server.lines.map((line) => JSON.stringify(line));
  const traced = log.filter((line) => line.includes(`"trace_id":"${TRACE}"`));
  t.true(traced.length >= 2, `${traced.length} lines of a request`);
  const text = log.join("\n");
  t.false(text.includes(key), "a key");
  const pixels = Buffer.from(picture, "base64");
  for (let at = 0; at + 16 <= picture.length; at += 8) {
    t.false(text.includes(picture.slice(at, at + 16)), `base64 from ${at} on`);
  }
  t.false(text.includes([...pixels.subarray(0, 8)].join(",")), "bytes as numbers");
});
