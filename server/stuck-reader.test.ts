import test, { type ExecutionContext } from "ava";
import type { RunningServer } from "./start.ts";
import { type Client, connectClients, sampleRequest } from "./testing/clients.ts";
import { heldMemory } from "./testing/memory.ts";
import { startService } from "./testing/start-service.ts";
import { WsClient } from "./testing/ws-client.ts";

const JOBS = 4;
const NOTHING = { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 };

/** Asks one socket for jobs that show every row after every step: far more than a connection's buffers hold. */
function ask(reader: WsClient, steps: number): void {
  for (let job = 0; job < JOBS; job++) {
    const sampler = {
      predictorCorrector: { predictor: "euler-maruyama", corrector: "none", steps },
    };
    const format = "IMAGE_FORMAT_RAW_FLOAT32";
    const preview = { everySteps: 1, format };
    reader.sendJson({
      id: `${job}`,
      sample: { count: 16, seed: `${job}`, sampler, preview, format, options: { strict: true } },
    });
  }
}

/** Small requests of another client that are answered, one after the other, while those jobs run. */
async function answeredBeside(
  t: ExecutionContext,
  server: RunningServer,
  reader: WsClient,
): Promise<number> {
  const clients: readonly Client[] = await connectClients(server);
  while (server.load.jobs < JOBS) await new Promise((resolve) => setImmediate(resolve));
  let requests = 0;
  while (server.load.jobs > 0) {
    // It may be paused for longer than a heartbeat on a loaded machine, and would count as dead.
    reader.socket.pong();
    for (const client of clients) {
      const job = await client.sample(sampleRequest(5));
      t.is((await job.ended).code, "");
      requests++;
    }
  }
  for (const client of clients) client.close();
  return requests;
}

/** What each job said of its rows, and how many previews, of a socket that is read to the end. */
async function resultsOf(reader: WsClient): Promise<{ rows: unknown[][]; previews: number }> {
  const rows: unknown[][] = [];
  let previews = 0;
  for (let job = 0; job < JOBS; job++) {
    const mine: unknown[] = [];
    for (const { frame } of await reader.readAll(`${job}`)) {
      const event = frame.response?.$case === "event" ? frame.response.value.event : undefined;
      if (event?.$case === "sampled") mine[event.value.row] = event.value;
      if (event?.$case === "preview") previews++;
    }
    rows.push(mine);
  }
  return { rows, previews };
}

test("a socket that is not read costs the server bounded memory and others no time; its results are there", async (t) => {
  const server = await startService({
    threads: 1,
    maxSocketBufferBytes: 65_536,
    slowReaderS: 3600,
  });
  t.teardown(() => server.close());
  const steps = 400;
  const before = await heldMemory();

  const stuck = await WsClient.connect(server.httpPort);
  ask(stuck, steps);
  stuck.socket.pause();
  const besideStuck = await answeredBeside(t, server, stuck);
  const { heap, external } = await heldMemory();
  stuck.socket.resume();
  const late = await resultsOf(stuck);

  const reading = await WsClient.connect(server.httpPort);
  ask(reading, steps);
  const [besideReading, all] = await Promise.all([
    answeredBeside(t, server, reading),
    resultsOf(reading),
  ]);
  for (const { socket } of [stuck, reading]) socket.terminate();

  t.deepEqual(late.rows, all.rows);
  t.is(all.rows.flat().length, JOBS * 16);
  const grownMib = heap + external - before.heap - before.external;
  const ratio = besideStuck / besideReading;
  t.log({ ratio, grownMib, late: late.previews, all: all.previews });
  t.true(late.previews < 0.9 * all.previews, "the connection's buffers held all of it");
  // All previews would be some 25 MiB.
  t.true(grownMib < 8, `${grownMib} MiB`);
  // The same jobs run beside both, and take the same steps, however fast the machine is.
  t.true(ratio > 1 / 3, `${ratio}`);
  t.deepEqual(server.load, NOTHING);
});

test("a socket that is never read is closed, and its jobs are left", async (t) => {
  const server = await startService({ threads: 1, maxSocketBufferBytes: 65_536, slowReaderS: 1 });
  t.teardown(() => server.close());
  const stuck = await WsClient.connect(server.httpPort);
  ask(stuck, 10_000);
  stuck.socket.pause();
  while (server.load.jobs < JOBS) await new Promise((resolve) => setImmediate(resolve));
  while (server.load.jobs + server.load.leaving > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.deepEqual(server.load, NOTHING);
  stuck.socket.resume(); // reads what was on its way, then the close
  // 1006 where the machine took longer to get here than a peer may take to answer a close.
  t.true([1008, 1006].includes((await stuck.closed).code));
});
