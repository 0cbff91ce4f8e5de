import test, { type ExecutionContext } from "ava";
import { ISOLATIONS, type Isolation } from "../config/config.ts";
import { type DyingLife, dyingWorkers, type WorkerDeath } from "../testing/dying-workers.ts";
import { eventsOf, type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";

const MODEL = "gaussian-mixture-vp";
const STAGES = ["prepared", "evaluated", "updated"] as const;
/** Of the tests that hang: long beside a step of this model, which takes a millisecond. */
const WATCHDOG_MS = 1500;
const NOTHING = { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 };

function request(seed: bigint, steps = 12) {
  const value = { predictor: "reverse-diffusion", corrector: "langevin", steps };
  const sampler = { method: { $case: "predictorCorrector", value } } as const;
  return { model: MODEL, count: 8, seed, sampler };
}

/** What engines of the same machine give without faults. */
const undisturbed = startEngine({ models: [MODEL] });
test.after.always(async () => (await undisturbed).close());

/** Runs with an engine whose workers die as told; says why each was lost. */
async function withDying(
  dying: Parameters<typeof dyingWorkers>[0],
  use: (started: StartedEngine, lost: readonly string[]) => Promise<void>,
): Promise<void> {
  const lost: string[] = [];
  const onLost = ({ reason }: { reason: string }) => void lost.push(reason);
  const started = await startEngine({
    models: [MODEL],
    workers: { ...dyingWorkers(dying), onLost },
  });
  try {
    await use(started, lost);
  } finally {
    await started.close();
  }
}

/** Each worker dies in its second batch, at one stage after the other; the first is the one that is tried again. */
async function survives(
  t: ExecutionContext,
  isolation: Isolation,
  death: WorkerDeath,
  reason: RegExp,
): Promise<void> {
  const lives = STAGES.map((stage): DyingLife => ({ death, stage, batch: 2 }));
  // Only a hang is for the watchdog: on a busy machine a worker may take long to run out of memory.
  const watchdogMs = death === "wait" || death === "spin" ? WATCHDOG_MS : 60_000;
  const dying = { lives, isolation, watchdogMs, maxHeapMib: 64 };
  await withDying(dying, async ({ submit, engine }, lost) => {
    const disturbed = await samplesOf(submit(request(21n)));
    t.is(lost.length, STAGES.length);
    for (const told of lost) t.regex(told, reason);
    t.deepEqual(disturbed, await samplesOf((await undisturbed).submit(request(21n))));
    t.deepEqual(engine.load, NOTHING);
  });
}

const DEATHS = [
  ["exit", /exited with code 3/, /exited with code 3/],
  ["uncaught", /thrown as told/, /exited with code 1/],
  ["memory", /memory/, /SIGABRT|SIGTRAP|SIGILL|exited with code/],
  ["wait", /longer than 1.5 s/, /longer than 1.5 s/],
  ["spin", /longer than 1.5 s/, /longer than 1.5 s/],
] as const;

for (const [death, inThread, inProcess] of DEATHS) {
  for (const isolation of ISOLATIONS) {
    test.serial(`a ${isolation} that ends by ${death}, at any stage, changes no bit`, (t) =>
      survives(t, isolation, death, isolation === "thread" ? inThread : inProcess),
    );
  }
}

for (const [death, reason] of [
  ["abort", /SIGABRT/],
  ["segv", /SIGSEGV/],
] as const) {
  test.serial(`a process that ends by ${death}, at any stage, changes no bit`, (t) =>
    survives(t, "process", death, reason),
  );
}

for (const isolation of ISOLATIONS) {
  test.serial(`a step that fails in a ${isolation} runs again, and the worker stays`, async (t) => {
    for (const stage of STAGES) {
      const lives = [{ death: "error", stage, batch: 3 }] as const;
      await withDying({ lives, isolation }, async ({ submit }, lost) => {
        // By itself: a row that has failed once is not to blame yet.
        const row = { ...request(22n), count: stage === "updated" ? 1 : 8 };
        const disturbed = await samplesOf(submit(row));
        t.deepEqual(disturbed, await samplesOf((await undisturbed).submit(row)), stage);
        t.deepEqual(lost, []);
      });
    }
  });

  test.serial(`a row that ends every ${isolation} that gets it fails its job alone`, async (t) => {
    const poison = { seeds: [666n], death: "exit", stage: "updated" } as const;
    await withDying({ poison, isolation }, async ({ submit, engine, workers }) => {
      const one = (seed: bigint, strict: boolean) => ({
        ...request(seed, 6),
        count: 2,
        options: { strict },
      });
      const seeds = [1n, 2n, 3n, 666n, 4n, 5n, 6n];
      const jobs = await Promise.all(seeds.map((seed) => submit(one(seed, false))));
      const strict = await submit(one(7n, true));
      const outcomes = await Promise.allSettled(jobs.map(samplesOf));
      for (const [i, seed] of seeds.entries()) {
        const outcome = outcomes[i];
        if (seed === 666n) {
          if (outcome?.status !== "rejected") return t.fail("the culprit did not fail");
          t.is(outcome.reason.code, "internal");
          t.regex(
            outcome.reason.message,
            /^a step fails again and again by itself: model gaussian-mixture-vp, graph score, row [01], time 1, step 1: a worker was lost: it exited with code 3$/,
          );
        } else {
          if (outcome?.status !== "fulfilled") return t.fail(`${seed}: ${outcome?.reason}`);
          const alone = await samplesOf((await undisturbed).submit(one(seed, false)));
          t.is(outcome.value.length, 2);
          // Rows whose batch was split ran in a batch of another size: float32 sums in another order.
          const values = outcome.value.flatMap((sample) => Array.from(sample));
          const expected = alone.flatMap((sample) => Array.from(sample));
          t.true(values.every((value, e) => Math.abs(value - (expected[e] ?? Number.NaN)) < 1e-4));
        }
      }
      t.deepEqual(
        await samplesOf(strict),
        await samplesOf((await undisturbed).submit(one(7n, true))),
      );
      t.is(workers.out, undefined);
      t.deepEqual(engine.load, NOTHING);
    });
  });

  test.serial(`a ${isolation} lost to a probe is not yet a broken device`, async (t) => {
    // Five deaths make the device suspect: two of both rows, then theirs in turn. The one that is behind the fifth is the
    // other row's, and the seventh is the probe's.
    const first = { death: "exit", stage: "prepared", batch: 3 } as const;
    const lives = [first, ...Array.from({ length: 6 }, () => ({ ...first, batch: 0 }))];
    await withDying({ lives, isolation }, async ({ submit, workers }, lost) => {
      let changes = 0;
      workers.follow(() => {
        changes++;
      });
      t.is((await samplesOf(submit({ ...request(3n), count: 2 }))).length, 2);
      t.deepEqual([changes, lost.length], [0, 7]);
    });
  });

  test.serial(
    `a device of the kind ${isolation} that fails is taken out and comes back`,
    async (t) => {
      // From the third batch on every worker dies at whatever it is asked: a few probes of it while it is out, too.
      const first = { death: "exit", stage: "prepared", batch: 3 } as const;
      const lives = [first, ...Array.from({ length: 11 }, () => ({ ...first, batch: 0 }))];
      const dying = { lives, isolation, pause: async () => undefined };
      await withDying(dying, async ({ submit, engine, workers }) => {
        const running = await submit(request(1n));
        const changes: (string | undefined)[] = [];
        const refusals: string[] = [];
        const back = new Promise<void>((resolve) => {
          workers.follow(() => {
            changes.push(workers.out?.code);
            if (workers.out === undefined) return resolve();
            refusals.push(t.throws(() => engine.submit(running.spec)).message);
          });
        });
        const error = await t.throwsAsync(eventsOf(running));
        t.regex(
          error.message,
          /^the device fails repeatedly and was taken out: a worker was lost: /,
        );
        t.is((error as { code?: string }).code, "worker-lost");
        t.deepEqual(engine.load, NOTHING);
        await back;
        t.deepEqual(changes, ["worker-lost", undefined]);
        t.deepEqual(refusals, [error.message]);
        t.deepEqual(
          await samplesOf(submit(request(2n))),
          await samplesOf((await undisturbed).submit(request(2n))),
        );
      });
    },
  );
}
