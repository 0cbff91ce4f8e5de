import { once as eventOf } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import type { ScoreStreamClient } from "../proto/gen/scorestream/v1/scorestream.ts";
import { withFolder } from "./models/test-model-folder.ts";
import { startServer } from "./start.ts";
import { type Client, connectClients, ENDLESS, sampleRequest } from "./testing/clients.ts";
import { silent, testConfig } from "./testing/config.ts";
import { deferred } from "./testing/deferred.ts";
import { connectGrpc, listModels, once } from "./testing/grpc-client.ts";
import { writeVersion } from "./testing/served-model.ts";
import { ServerProcess } from "./testing/server-process.ts";
import { writeThinModels } from "./testing/thin-models.ts";
import { floatUpload, uploadJson, uploadOverGrpc } from "./testing/uploads.ts";
import { WsClient } from "./testing/ws-client.ts";

const REFUSED = {
  code: "shutting-down",
  message: "the server is shutting down and takes nothing new: ask another, or its successor",
  retryAfterMs: 1000,
};

async function readyz(httpPort: number): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
  const { reasons } = (await response.json()) as { reasons: readonly string[] };
  return [response.status, reasons];
}

/** grpc.health.v1's status of the server: 1 SERVING, 2 NOT_SERVING. */
async function health(client: ScoreStreamClient): Promise<number | undefined> {
  const bytes = (value: Buffer): Buffer => value;
  const answer = await once<Buffer | undefined>((done) =>
    client.makeUnaryRequest("/grpc.health.v1.Health/Check", bytes, bytes, Buffer.alloc(0), done),
  );
  return answer?.[1];
}

async function connect(
  t: ExecutionContext,
  ports: { readonly grpcPort: number; readonly httpPort: number },
): Promise<readonly Client[]> {
  const clients = await connectClients(ports);
  t.teardown(() => {
    for (const client of clients) client.close();
  });
  return clients;
}

test.serial(
  "not ready at once, served for the delay, then refused on both front ends; what runs goes on",
  async (t) => {
    await withFolder(async (root) => {
      await writeVersion(root, "gaussian-mixture-vp");
      const [asked, over] = [deferred<number>(), deferred<void>()];
      const pause = (ms: number): Promise<void> => {
        asked.resolve(ms);
        return over.promise;
      };
      const config = testConfig({ models: root, drainDelayS: 7, shutdownGraceS: 3600, threads: 1 });
      const server = await startServer(config, silent, { pause });
      const clients = await connect(t, server);
      const grpc = connectGrpc(server.grpcPort);
      const socket = await WsClient.connect(server.httpPort);
      t.teardown(() => {
        grpc.close();
        socket.socket.terminate();
      });
      const running = await Promise.all(clients.map((client) => client.sample(ENDLESS)));
      t.deepEqual([await readyz(server.httpPort), await health(grpc)], [[200, []], 1]);

      const closed = server.close();
      t.is(await asked.promise, 7000);
      t.deepEqual(await readyz(server.httpPort), [503, ["the server is shutting down"]]);
      while ((await health(grpc)) !== 2);
      for (const client of [...clients, ...(await connect(t, server))]) {
        t.is((await (await client.sample(sampleRequest(5))).ended).code, "", client.name);
      }

      over.resolve();
      // The delay is over once a job is refused.
      for (const { sample, name } of clients) {
        for (;;) {
          const { code, message, retryAfterMs } = await (await sample(sampleRequest(5))).ended;
          if (code === "") continue;
          t.deepEqual({ code, message, retryAfterMs }, REFUSED, name);
          break;
        }
      }
      const { parts } = floatUpload(3, 1);
      const upload = await t.throwsAsync(uploadOverGrpc(grpc, parts), { message: /shutting down/ });
      t.is((upload as unknown as { code: number }).code, 14);
      socket.sendJson({ id: "u", upload: parts[0] && uploadJson(parts[0]) });
      t.like((await socket.next()).frame.response, { value: { code: REFUSED.code } });
      t.is(server.uploadBytes, 0);
      // What belongs to jobs that run is served.
      t.is((await listModels(grpc)).models.length, 1);
      for (const [i, { jobId, ended }] of running.entries()) {
        await clients[i]?.cancel(jobId);
        t.is((await ended).code, "cancelled");
      }
      t.is(await closed, 0);
    });
  },
);

test.serial(
  "SIGHUP reloads; on SIGTERM jobs that run end as they would have, and the exit code is 0",
  async (t) => {
    await withFolder(async (root) => {
      await writeVersion(root, "gaussian-mixture-subvp");
      const flags = ["--models", root, "--threads", "1", "--drain-delay-s", "0"];
      const server = await ServerProcess.start([...flags, "--shutdown-grace-s", "3600"]);
      t.teardown(() => server.kill());
      const version = await writeVersion(root, "gaussian-mixture-vp");
      server.signal("SIGHUP");
      await server.logged("model closed");
      const clients = await connect(t, server);
      const grpc = connectGrpc(server.grpcPort);
      t.teardown(() => grpc.close());
      t.is((await listModels(grpc)).models[0]?.version, version);

      const all = async (steps: number) =>
        Promise.all(clients.map(({ sample }) => sample(sampleRequest(steps))));
      const expected = await Promise.all((await all(300)).map(({ ended }) => ended));
      const [endless] = await Promise.all(clients.map(({ sample }) => sample(ENDLESS)));
      const running = await all(300);
      server.signal("SIGTERM");
      for (const { sample, name } of clients) {
        // Until the signal has been seen.
        for (;;) {
          const { code } = await (await sample(sampleRequest(1, 1))).ended;
          if (code === "") continue;
          t.is(code, REFUSED.code, name);
          break;
        }
      }
      t.deepEqual(await Promise.all(running.map(({ ended }) => ended)), expected);
      // Callers that leave end their jobs, and with the last one the server.
      if (endless !== undefined) await clients[0]?.cancel(endless.jobId);
      for (const client of clients) client.close();
      t.is(await server.exit(), 0);
      t.notRegex(server.log, /did not end in time/);
    });
  },
);

test.serial(
  "jobs that do not end within the grace end with an error that says so, and the exit code is 0",
  async (t) => {
    await withFolder(async (root) => {
      await writeVersion(root, "gaussian-mixture-vp");
      const flags = ["--models", root, "--threads", "1", "--drain-delay-s", "0"];
      const server = await ServerProcess.start([...flags, "--shutdown-grace-s", "1"]);
      t.teardown(() => server.kill());
      const clients = await connect(t, server);
      const running = await Promise.all(clients.map(({ sample }) => sample(ENDLESS)));
      server.signal("SIGTERM");
      for (const { jobId, ended } of running) {
        const { code, message, retryAfterMs } = await ended;
        const expected = `the server shut down before job ${jobId} ended: it had 1 s for that`;
        t.deepEqual({ code, message, retryAfterMs }, { ...REFUSED, message: expected });
      }
      t.is((await server.logged("jobs did not end in time")).jobsCut, 2);
      t.is(await server.exit(), 0);
    });
  },
);

test.serial(
  "a second signal, but not one that comes with the first, ends the server at once with 1",
  async (t) => {
    await withFolder(async (root) => {
      await writeVersion(root, "gaussian-mixture-vp");
      const flags = ["--models", root, "--threads", "1", "--drain-delay-s", "3600"];
      const server = await ServerProcess.start([...flags, "--shutdown-grace-s", "3600"]);
      t.teardown(() => server.kill());
      const clients = await connect(t, server);
      const running = await Promise.all(clients.map(({ sample }) => sample(ENDLESS)));
      const signalledMs = performance.now();
      server.signal("SIGTERM");
      await server.logged("stopping");
      for (let code: string | undefined = ""; code === ""; ) {
        server.signal("SIGTERM");
        code = (await (await clients[0]?.sample(sampleRequest(1)))?.ended)?.code;
      }
      t.is(await server.exit(), 1);
      t.true(performance.now() - signalledMs > 1000, "one of the first second ended it");
      // What the callers hear depends on who is quicker: the end of the jobs or that of the connection.
      for (const { ended } of running) {
        const { code } = await ended;
        t.true(["lost", "shutting-down"].includes(code), code);
      }
    });
  },
);

/** Of 256 x 256 pixels: its thread is inside an evaluation nearly always, and one takes long enough to be met there. */
const THIN = "thin-256";

test.serial(
  "a second signal while a thread evaluates: exit code 1, each of 20 times, and never an abort",
  async (t) => {
    const models = await writeThinModels([256]);
    t.teardown(() => rm(models, { recursive: true }));
    const flags = ["--models", models, "--threads", "1", "--drain-delay-s", "3600"];
    const endOne = async (): Promise<unknown> => {
      const server = await ServerProcess.start([...flags, "--max-batch-rows", "1"]);
      t.teardown(() => server.kill());
      const client = connectGrpc(server.grpcPort);
      const job = client.sample({ ...ENDLESS, model: THIN });
      const lost = eventOf(job, "error");
      await eventOf(job, "data");
      let [ended, exit]: [boolean, unknown] = [false, undefined];
      const exited = server.exit().then((code) => {
        [ended, exit] = [true, code];
      });
      while (!ended) {
        server.signal("SIGINT");
        await setTimeout(1);
      }
      await Promise.all([exited, lost]);
      client.close();
      return exit;
    };
    const codes: unknown[] = [];
    for (let round = 0; round < 4; round++) {
      codes.push(...(await Promise.all(Array.from({ length: 5 }, endOne))));
    }
    t.deepEqual(
      codes,
      Array.from({ length: 20 }, () => 1),
    );
  },
);

test.serial(
  "SIGTERM while models open stops at once: none of them opens, and the exit code is 0",
  async (t) => {
    const models = await writeThinModels([1024]);
    t.teardown(() => rm(models, { recursive: true }));
    // A cache of its own, so that a graph is derived and proved: many evaluations of a large picture.
    const flags = ["--models", models, "--threads", "1", "--drain-delay-s", "3600"];
    const server = new ServerProcess([...flags, "--cache", join(models, "cache")]);
    t.teardown(() => server.kill());
    await server.logged("device opened");
    server.signal("SIGTERM");
    t.is(await server.exit(), 0);
    t.regex(server.log, /stopping before it is ready\nstopped$/);
    t.notRegex(server.log, /model opened/);
  },
);

test.serial(
  "a server that can't listen says so and ends with 1, one that is told wrong with 2",
  async (t) => {
    await withFolder(async (root) => {
      const taken = createServer().listen(0, "127.0.0.1");
      t.teardown(() => taken.close());
      await eventOf(taken, "listening");
      const { port } = taken.address() as AddressInfo;
      const admin = `--admin=127.0.0.1:${port}`;
      const server = new ServerProcess([`--models=${root}`, admin]);
      t.teardown(() => server.kill());
      t.is(await server.exit(), 1);
      t.like(await server.logged("the server can't start"), { err: { code: "EADDRINUSE", port } });
      const wrong = new ServerProcess(["--admin", "9090"]);
      t.is(await wrong.exit(), 2);
      t.is(wrong.log, '--admin: seen "9090", expected HOST:PORT, or nothing');
    });
  },
);
