import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { derive } from "./derive.ts";
import { evaluator } from "./evaluate.ts";
import { memoryOf, placesPerRunOf, placesWithin, TooLargeError } from "./evaluation-memory.ts";
import { runOn } from "./sessions.ts";
import { source } from "./testing.ts";

const MIB = 1024 * 1024;

test("as many places as fit, of those that are run", (t) => {
  const one = { bytes: 10 * MIB };
  t.is(placesWithin(one, 45 * MIB), 4);
  t.is(placesWithin(one, 10 * MIB), 1);
  t.is(placesWithin(one, 45 * MIB, [1, 2, 8]), 2);
  // Of a graph of which nothing is known, all.
  t.is(placesWithin({ bytes: 0 }, MIB), Number.POSITIVE_INFINITY);
  t.throws(() => placesWithin(one, 9.5 * MIB), {
    instanceOf: TooLargeError,
    message:
      "one row takes 10 MiB at once beside the weights, expected at most 9.5 (--max-evaluation-mib)",
  });
  t.throws(() => placesWithin(one, 45 * MIB, [8, 16]), {
    message: /^8 rows, the fewest that are run here, take 80 MiB at once .*at most 45 /,
  });
});

test.serial("no run has more places than fit; a batch has as many runs as it needs", async (t) => {
  const { bytes } = await memoryOf(source);
  t.true(bytes > 0);
  const runsOf = async (places: number, perRun?: number): Promise<number> => {
    const batch = (await evaluator(source, places, perRun)) as unknown as { runs: unknown[] };
    return batch.runs.length;
  };
  t.is(await runsOf(5), 1);
  runOn({ provider: "cpu", maxEvaluationBytes: 2.5 * bytes });
  t.deepEqual(
    [await runsOf(1), await runsOf(2), await runsOf(5), await runsOf(5, 1)],
    [1, 1, 3, 5],
  );
  t.is(await placesPerRunOf(source, 64), 2);
  t.is(await placesPerRunOf({ ...source, sharedBy: 2 }, 64), 1, "two such runs go on at once");
  runOn({ provider: "cpu", maxEvaluationBytes: bytes - 1 });
  await t.throwsAsync(evaluator(source, 1), { instanceOf: TooLargeError });
});

test.serial("a derived graph that does not fit is not derivable, made anew or kept", async (t) => {
  const cache = await mkdtemp(join(tmpdir(), "scorestream-memory-"));
  t.teardown(() => rm(cache, { recursive: true }));
  const { path, inputName, outputName } = source;
  const score = { path, input: inputName, output: outputName };
  const ask = () =>
    derive({ kind: "derive", cache, shape: source, derivation: { graph: "jvp", score } });
  const { bytes } = await memoryOf(source);
  const refused = { ok: false, code: "not-derivable" } as const;
  runOn({ provider: "cpu", maxEvaluationBytes: bytes });
  t.like(await ask(), refused);
  runOn({ provider: "cpu", maxEvaluationBytes: 2 * bytes });
  t.like(await ask(), { ok: true });
  runOn({ provider: "cpu", maxEvaluationBytes: bytes });
  t.like(await ask(), refused);
});
