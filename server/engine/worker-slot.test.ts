import test from "ava";
import type { WorkerAnswer, WorkerTask } from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import type { Carrier, CarrierEvents, CarrierOptions } from "./carrier.ts";
import { type SlotOptions, WorkerSlot } from "./worker-slot.ts";

/** A worker that does what the test says, when it says so. */
class Scripted implements Carrier {
  readonly predecessors: number;
  readonly sent: string[] = [];
  ended = false;
  readonly #events: CarrierEvents;

  constructor({ setup }: CarrierOptions, events: CarrierEvents) {
    this.predecessors = setup.predecessors;
    this.#events = events;
  }

  send(task: WorkerTask): void {
    this.sent.push(nameOf(task));
  }
  end(): void {
    this.ended = true;
  }
  ready(): void {
    this.#events.ready();
  }
  reply(): void {
    this.#events.reply(ANSWER);
  }
  die(reason = "it died"): void {
    this.#events.gone(reason);
  }
}

const ANSWER: WorkerAnswer = { ok: true, stepMs: [] };
const LONG_MS = 60_000;

/** Named by its cache. */
function task(name: string): WorkerTask {
  const score = { path: "", input: "", output: "" };
  return { kind: "derive", derivation: { graph: "jvp", score }, cache: name };
}

function nameOf(one: WorkerTask): string {
  return one.kind === "derive" ? one.cache : one.kind;
}

/** A slot whose workers are scripted; `workers` has them in the order in which they were started. */
function start(options: Partial<SlotOptions> = {}) {
  const workers: Scripted[] = [];
  const outcomes: string[] = [];
  const slot = new WorkerSlot({
    file: new URL("file:///worker.js"),
    slab: new SharedArrayBuffer(0),
    maxHeapMib: 64,
    quiet: true,
    startCarrier: (carrierOptions, events) => {
      const worker = new Scripted(carrierOptions, events);
      workers.push(worker);
      return worker;
    },
    ...options,
  });
  const run = async (name: string, boundMs: number = LONG_MS): Promise<void> => {
    try {
      await slot.run(task(name), boundMs);
      outcomes.push(`${name} ok`);
    } catch (error) {
      outcomes.push(`${name} ${(error as ServerError).code}: ${(error as ServerError).message}`);
    }
  };
  const last = (): Scripted => {
    const worker = workers.at(-1);
    if (worker === undefined) throw new Error("no worker was started");
    return worker;
  };
  return { slot, workers, run, last, outcomes };
}

test("only the task that a worker was at is lost with it; those behind go on, in order", async (t) => {
  const lost: unknown[] = [];
  const { run, last, workers, outcomes } = start({ onLost: (loss) => lost.push(loss) });
  last().ready();
  const all = ["a", "b", "c"].map((name) => run(name));
  last().reply();
  last().die();
  t.is(workers.length, 2);
  t.is(last().predecessors, 1);
  t.deepEqual(last().sent, [], "not before it is ready");
  last().ready();
  t.deepEqual(last().sent, ["c"]);
  last().reply();
  await Promise.all(all);
  t.deepEqual(outcomes, ["a ok", "b worker-lost: a worker was lost: it died", "c ok"]);
  t.deepEqual(lost, [{ reason: "it died", task: "derive" }]);
  last().die();
});

test("a worker that dies before it is ready, or idle, takes no task with it", async (t) => {
  const { run, last, workers, outcomes } = start();
  const running = run("a");
  last().die();
  last().ready();
  last().reply();
  await running;
  last().die();
  t.is(workers.length, 3);
  t.deepEqual(outcomes, ["a ok"]);
});

test("after five starts in a row that fail, tasks are rejected, and each new one tries once more", async (t) => {
  const { run, last, slot, workers, outcomes } = start();
  const first = Promise.all([run("a"), run("b")]);
  for (let i = 0; i < 5; i++) last().die(`death ${i}`);
  await first;
  t.is(workers.length, 5);
  t.true(slot.broken);
  const message = "worker-lost: no worker can be started: death 4";
  t.deepEqual(outcomes, [`a ${message}`, `b ${message}`]);
  const again = run("c");
  t.is(workers.length, 6);
  last().ready();
  t.false(slot.broken);
  last().reply();
  await again;
  t.is(outcomes.at(-1), "c ok");
});

test("the watchdog ends the worker; its task is rejected when the worker has gone, and not before", async (t) => {
  const { run, last, workers, outcomes } = start();
  const [worker] = workers;
  if (worker === undefined) return t.fail();
  worker.ready();
  const behind = { ended: false };
  const hung = run("a", 10);
  const next = run("b").then(() => {
    behind.ended = true;
  });
  while (!worker.ended) await new Promise(setImmediate);
  t.deepEqual(outcomes, []);
  worker.reply(); // too late: the order to end has been given
  await new Promise(setImmediate);
  t.deepEqual(outcomes, []);
  worker.die("it was ended");
  await hung;
  t.deepEqual(outcomes, ["a internal: a worker hung and was ended: it took longer than 0.01 s"]);
  t.false(behind.ended);
  last().ready();
  t.deepEqual(last().sent, ["b"]);
  last().reply();
  await next;
});

test("a task's time starts when the worker comes to it", async (t) => {
  const { run, last, outcomes } = start();
  last().ready();
  const first = run("a");
  const second = run("b", 1);
  // A timer of b's, had it one by now, is due before this one.
  await new Promise((resolve) => setTimeout(resolve, 2));
  await new Promise(setImmediate);
  t.false(last().ended);
  last().reply();
  last().reply();
  await Promise.all([first, second]);
  t.deepEqual(outcomes, ["a ok", "b ok"]);
});

test("a stop rejects every task once the worker has gone; the next task starts another", async (t) => {
  const { slot, run, last, workers, outcomes } = start();
  last().ready();
  const all = Promise.all([run("a"), run("b")]);
  const stopped = slot.stop(new ServerError("worker-lost", "out"));
  const refused = run("c");
  await refused;
  t.deepEqual(outcomes, ["c worker-lost: out"]);
  last().die();
  await Promise.all([stopped, all]);
  t.deepEqual(outcomes.slice(1), ["a worker-lost: out", "b worker-lost: out"]);
  t.is(workers.length, 1);
  const later = run("d");
  t.is(workers.length, 2);
  last().ready();
  last().reply();
  await later;
  t.is(outcomes.at(-1), "d ok");
});

test("what a worker that was given up says later is not heard", async (t) => {
  const { run, workers, last, outcomes } = start();
  const [first] = workers;
  first?.ready();
  const lost = run("a");
  first?.die();
  await lost;
  last().ready();
  const running = run("b");
  first?.reply();
  first?.die();
  t.is(workers.length, 2);
  last().reply();
  await running;
  t.is(outcomes.at(-1), "b ok");
});

test("a worker that does not end when it is told to is given up after a while", async (t) => {
  const { run, workers, last, outcomes } = start({ endMs: 10 });
  last().ready();
  const given = run("a", 10);
  while (workers.length < 2) await new Promise(setImmediate);
  await given;
  t.regex(outcomes[0] ?? "", /^a internal: a worker hung and was ended/);
  const running = run("b");
  last().ready();
  last().reply();
  await running;
  t.is(outcomes[1], "b ok");
});
