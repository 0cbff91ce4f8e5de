import test from "ava";
import { NewestFirst, type Quality } from "./newest-first.ts";

interface Asked {
  readonly name: string;
  readonly end: (error?: Error) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Solves when it is told to. `asked` is what has been asked for, such as "1 draft". */
function scripted() {
  const asked: Asked[] = [];
  const solve = ({ at }: { at: number }, quality: Quality, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      const end = async (error?: Error): Promise<void> => {
        if (error === undefined) resolve();
        else reject(error);
        await turns();
      };
      asked.push({ name: `${at} ${quality}`, end, signal });
    });
  const newest = new NewestFirst(solve);
  return { newest, asked, names: () => asked.map(({ name }) => name) };
}

/** Lets everything run that waits for a promise which is settled. */
function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("a point that moves has drafts, of the newest place each", async (t) => {
  const { newest, asked, names } = scripted();
  for (const at of [1, 2, 3]) newest.move({ at });
  t.deepEqual(names(), ["1 draft"], "one at a time");
  t.false(asked[0]?.signal.aborted, "a draft may end");
  await asked[0]?.end();
  t.deepEqual(names(), ["1 draft", "3 draft"]);
  await asked[1]?.end();
  t.is(asked.length, 2, "no exact one while it may still move");
});

test("a point that rests is solved, which a move gives up", async (t) => {
  const { newest, asked, names } = scripted();
  newest.move({ at: 1 });
  newest.rest();
  await asked[0]?.end();
  t.deepEqual(names(), ["1 draft", "1 exact"]);
  newest.move({ at: 2 });
  t.true(asked[1]?.signal.aborted);
  await turns();
  t.deepEqual(names().slice(2), ["2 draft"]);
  newest.rest();
  await asked[2]?.end();
  await asked[3]?.end();
  t.deepEqual(names().slice(2), ["2 draft", "2 exact"]);
});

test("what fails is not tried again until the point moves; what is stopped ends", async (t) => {
  const { newest, asked, names } = scripted();
  newest.move({ at: 1 });
  newest.rest();
  await asked[0]?.end(new Error("no"));
  t.deepEqual(names(), ["1 draft"]);
  newest.move({ at: 2 });
  newest.stop();
  await turns();
  t.true(asked[1]?.signal.aborted);
  t.deepEqual(names(), ["1 draft", "2 draft"]);
});
