import test from "ava";
import type { GraphSource, RowStep, WorkerAnswer, WorkerTask } from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import type { Carrier, CarrierEvents } from "./carrier.ts";
import { WorkerTeam } from "./worker-team.ts";

/** A worker that answers when the test says so. */
class Scripted implements Carrier {
  readonly sent: WorkerTask[] = [];
  ended = false;
  readonly #events: CarrierEvents;

  constructor(events: CarrierEvents) {
    this.#events = events;
    queueMicrotask(() => events.ready());
  }
  send(task: WorkerTask): void {
    this.sent.push(task);
  }
  end(): void {
    this.ended = true;
    this.#events.gone("it was told to end");
  }
  reply(answer: WorkerAnswer): void {
    this.#events.reply(answer);
  }
  die(): void {
    this.#events.gone("it died");
  }
}

const SOURCE = { key: "score", path: "score.onnx" } as GraphSource;
const SHARED = { ...SOURCE, team: { workers: 2, gain: 1 } };
const rows = [0, 1].map((offset) => ({ offset }) as RowStep);
const BATCH = { kind: "batch", graph: "score", source: SHARED, rows } as const;
const PROFILE = { kind: "profile", batchSizes: [1, 2], enoughMs: 1 } as const;
const RELEASE = { kind: "release", keys: ["score"] } as const;
const LONG_MS = 60_000;

const done = (written: number): WorkerAnswer => {
  const row = { written, scalars: [], finite: true };
  return { ok: true, rows: [row], padding: 0, evaluateMs: 1, totalMs: written };
};

function start() {
  const workers: Scripted[] = [];
  const team = new WorkerTeam({
    ...{ file: new URL("file:///worker.js"), slab: new SharedArrayBuffer(0) },
    ...{ maxHeapMib: 64, quiet: true },
    startCarrier: (_, events) => {
      const worker = new Scripted(events);
      workers.push(worker);
      return worker;
    },
  });
  return { team, workers, run: (task: WorkerTask) => team.run(task, LONG_MS) };
}

/** Lets workers that have just been started become ready. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a batch of a shared graph goes to all, everything else to the first alone", async (t) => {
  const { workers, run } = start();
  const alone = run({ ...BATCH, source: SOURCE });
  await settle();
  t.is(workers.length, 1);
  workers[0]?.reply(done(1));
  await alone;

  const shared = run(BATCH);
  await settle();
  t.is(workers.length, 2);
  t.deepEqual(
    workers.map(({ sent }) => (sent.at(-1) as typeof BATCH).rows),
    [rows.slice(0, 1), rows.slice(1)],
  );
  workers[1]?.reply(done(2));
  workers[0]?.reply(done(1));
  t.like(await shared, { ok: true, totalMs: 2 });
});

test("a share whose worker dies fails the batch, once the other worker writes no more", async (t) => {
  const { workers, run } = start();
  const outcomes: string[] = [];
  const batch = run(BATCH).catch((error: ServerError) => void outcomes.push(error.code));
  await settle();
  workers[0]?.die();
  await settle();
  t.deepEqual(outcomes, [], "told while the other one still writes");
  workers[1]?.reply(done(1));
  await batch;
  t.deepEqual(outcomes, ["worker-lost"]);

  const failing = run(BATCH);
  await settle();
  workers[2]?.reply(done(1));
  workers[1]?.reply({ ok: false, code: "evaluation-failed", message: "no memory" });
  t.like(await failing, { ok: false, message: "no memory" });
});

test("a profile of a team is taken by all at once, and each size is the slowest one's", async (t) => {
  const { workers, run } = start();
  const profile = run({ ...PROFILE, source: SHARED });
  await settle();
  t.like(workers[1]?.sent[0], { source: { key: "score/one-thread", sharedBy: 2 } });
  workers[0]?.reply({ ok: true, stepMs: [3, 5], placesPerRun: 1 });
  workers[1]?.reply({ ok: true, stepMs: [2, 6, 9] });
  t.deepEqual(await profile, { ok: true, stepMs: [3, 6], placesPerRun: 1 });
});

test("others end with the last graph that is shared, and start again with the next", async (t) => {
  const { team, workers, run } = start();
  for (const key of ["score", "jvp"]) {
    const profile = run({ ...PROFILE, source: { ...SHARED, key } });
    await settle();
    for (const worker of workers) worker.reply({ ok: true, stepMs: [1] });
    await profile;
  }
  const released = run(RELEASE);
  for (const worker of workers) worker.reply({ ok: true });
  await released;
  t.deepEqual(
    workers.map(({ sent }) => sent.at(-1)),
    [
      { kind: "release", keys: ["score", "score/one-thread"] },
      { kind: "release", keys: ["score/one-thread"] },
    ],
  );
  t.false(workers[1]?.ended);

  const unshared = team.unshare("jvp", LONG_MS);
  t.deepEqual(workers[0]?.sent.at(-1), { kind: "release", keys: ["jvp/one-thread"] });
  workers[0]?.reply({ ok: true });
  await unshared;
  t.deepEqual(
    workers.map(({ ended }) => ended),
    [false, true],
  );

  const again = run(BATCH);
  await settle();
  workers[0]?.reply(done(1));
  workers[2]?.reply(done(1));
  t.like(await again, { ok: true });
  await team.stop(new ServerError("shutting-down", "the end"));
  t.true(workers[0]?.ended && workers[2]?.ended);
});
