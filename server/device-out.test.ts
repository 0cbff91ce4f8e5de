import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import { SampleRequest } from "../proto/gen/scorestream/v1/scorestream.ts";
import { startServer } from "./start.ts";
import { silent, testConfig } from "./testing/config.ts";
import { deferred } from "./testing/deferred.ts";
import { dyingWorkers } from "./testing/dying-workers.ts";
import { connectGrpc, readAll, trailer } from "./testing/grpc-client.ts";
import { MODELS } from "./testing/start-engine.ts";

const MODEL = "gaussian-mixture-vp";

/** A folder with one model. */
async function modelsFolder(t: ExecutionContext): Promise<string> {
  const models = await mkdtemp(join(tmpdir(), "scorestream-models-"));
  t.teardown(() => rm(models, { recursive: true }));
  await symlink(join(MODELS, MODEL), join(models, MODEL));
  return models;
}

test("a device that is out turns the server not ready and refuses jobs, until a probe succeeds", async (t) => {
  const [asked, mayProbe] = [deferred<number>(), deferred<void>()];
  // One row, which fails by itself as often as a row to blame would: it is the device's failure all the same.
  // The first worker dies in its first batch, the next eleven at whatever they are asked: five failures make it
  // suspect, two probes decide, and five more fail later.
  const dies = { death: "exit", stage: "prepared", batch: 0 } as const;
  const lives = [{ ...dies, batch: 1 }, ...Array.from({ length: 11 }, () => dies)];
  const pause = (ms: number): Promise<void> => {
    asked.resolve(ms);
    return mayProbe.promise;
  };
  const workers = dyingWorkers({ lives, pause });
  const config = testConfig({ models: await modelsFolder(t), shutdownGraceS: 0 });
  const server = await startServer(config, silent, { workers });
  const client = connectGrpc(server.grpcPort);
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  const sample = () => readAll(client.sample(SampleRequest.fromPartial({ count: 1 })));
  const readyz = async () => {
    const response = await fetch(`http://127.0.0.1:${server.httpPort}/readyz`);
    return [response.status, await response.json()];
  };
  t.deepEqual(await readyz(), [200, { ready: true, reasons: [], problems: [] }]);

  const running = await sample();
  t.is(running.status.code, status.UNAVAILABLE);
  t.is(trailer(running.status, "scorestream-code"), "worker-lost");
  const reason =
    "the device fails repeatedly and was taken out: a worker was lost: it exited with code 3";
  t.is(running.status.details, reason);
  t.is(await asked.promise, 1000);
  t.deepEqual(await readyz(), [503, { ready: false, reasons: [reason], problems: [] }]);
  const refused = await sample();
  t.is(refused.status.code, status.UNAVAILABLE);
  t.deepEqual([refused.events, refused.status.details], [[], reason]);
  t.deepEqual(server.load, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });

  mayProbe.resolve();
  while ((await readyz())[0] !== 200);
  const { events, status: ended } = await sample();
  t.is(ended.code, status.OK);
  t.is(events.filter(({ event }) => event?.$case === "sampled").length, 1);
});
