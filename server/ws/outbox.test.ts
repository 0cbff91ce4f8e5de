import test from "ava";
import { deferred } from "../testing/deferred.ts";
import { Outbox, type Writer } from "./outbox.ts";

/** A socket whose reader takes a frame when the test says so. */
class FakeSocket implements Writer {
  readonly sent: number[] = [];
  readonly #callbacks: (() => void)[] = [];

  get bufferedAmount(): number {
    return this.sent.reduce((sum, bytes) => sum + bytes, 0);
  }

  send(data: unknown, _options?: unknown, callback?: (error?: Error) => void): void {
    this.sent.push(String(data).length);
    this.#callbacks.push(() => callback?.());
  }

  take(): void {
    this.sent.shift();
    this.#callbacks.shift()?.();
  }
}

const limits = { maxBufferBytes: 100, slowReaderMs: 3_600_000 };
const fail = (): void => {
  throw new Error("the reader was given up");
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("there is room until the buffer is over its limit, and again when it has drained", async (t) => {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket, limits, fail);
  outbox.send("x".repeat(100));
  await outbox.room();
  outbox.send("x");
  let room = false;
  const waiting = outbox.room().then(() => {
    room = true;
  });
  await turn();
  t.false(room);
  socket.take();
  await waiting;
  t.true(room);
});

test("of a crowd that waits, one at a time goes on, in order, and only while there is room", async (t) => {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket, limits, fail);
  outbox.send("x".repeat(101));
  const went: number[] = [];
  const crowd = Array.from({ length: 10 }, async (_, index) => {
    await outbox.room();
    went.push(index);
    outbox.send("x".repeat(60));
  });
  await turn();
  t.deepEqual(went, []);
  socket.take();
  for (let i = 0; i < 20; i++) await turn();
  t.deepEqual(went, [0, 1]);
  t.is(socket.bufferedAmount, 120);
  while (socket.sent.length > 0) {
    socket.take();
    for (let i = 0; i < 5; i++) await turn();
    t.true(socket.bufferedAmount <= 160);
  }
  await Promise.all(crowd);
  t.deepEqual(went, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("one who only waits and sends nothing does not hold up the next", async (t) => {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket, limits, fail);
  outbox.send("x".repeat(101));
  const both = Promise.all([outbox.room(), outbox.room()]);
  socket.take();
  await both;
  t.pass();
});

test("full is over the limit, overfull over twice the limit", (t) => {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket, limits, fail);
  const states = [100, 1, 99, 1].map((bytes) => {
    outbox.send("x".repeat(bytes));
    return [outbox.full, outbox.overfull];
  });
  t.deepEqual(states, [
    [false, false],
    [true, false],
    [true, false],
    [true, true],
  ]);
});

test("a reader that takes nothing is given up; one that takes a frame in time is not", async (t) => {
  const givenUp = deferred<void>();
  const socket = new FakeSocket();
  const outbox = new Outbox(socket, { maxBufferBytes: 100, slowReaderMs: 20 }, () =>
    givenUp.resolve(),
  );
  const awake = setTimeout(fail, 60_000); // the outbox's own timer keeps no process alive
  const started = performance.now();
  outbox.send("x".repeat(101));
  await givenUp.promise;
  clearTimeout(awake);
  t.true(performance.now() - started >= 19);
  outbox.close();

  const other = new FakeSocket();
  const drained = new Outbox(other, { maxBufferBytes: 100, slowReaderMs: 20 }, fail);
  drained.send("x".repeat(101));
  other.take();
  await new Promise((resolve) => setTimeout(resolve, 40)); // the time that it would have been given up in
  t.is(other.bufferedAmount, 0);
});

test("closing lets everyone go on and sends nothing more", async (t) => {
  const socket = new FakeSocket();
  const outbox = new Outbox(socket, limits, fail);
  outbox.send("x".repeat(101));
  const waiting = outbox.room();
  outbox.close();
  await waiting;
  await outbox.room();
  outbox.send("x");
  t.is(socket.sent.length, 1);
});
