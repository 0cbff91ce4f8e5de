import test from "ava";
import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { uniformNumber } from "../../sde/noise.ts";
import { ISOLATIONS, type Isolation } from "../config/config.ts";
import { type DyingLife, dyingWorkers } from "../testing/dying-workers.ts";
import { heldMemory } from "../testing/memory.ts";
import { eventsOf, type StartedEngine, startEngine } from "../testing/start-engine.ts";
import { OwnTimers } from "../testing/timers.ts";

const MODEL = "gaussian-mixture-vp";
/** Of each kind; a process takes longer to start. */
const DEATHS = { thread: 36, process: 24 } as const;
const SHAPE = { channels: 3, height: 4, width: 4 };
const options = { strict: true };
const predictorCorrector = (steps: number, corrector: string) =>
  ({
    method: {
      $case: "predictorCorrector",
      value: { predictor: "euler-maruyama", corrector, steps },
    },
  }) as const;

function tensor(channels: number, value: number) {
  const float32 = Buffer.from(new Float32Array(channels * 16).fill(value).buffer);
  return {
    source: { $case: "tensor", value: { shape: { ...SHAPE, channels }, float32 } },
  } as const;
}

/** One of each task at once; strict, so that no bit depends on what shares a batch. */
async function resultsOf({ submit, encode, logLikelihood }: StartedEngine) {
  const base = { model: MODEL, count: 4, options };
  const inpaint = { image: tensor(3, 0.25), mask: tensor(1, 1) };
  const image = tensor(3, 0.25);
  const jobs = await Promise.all([
    submit({ ...base, seed: 1n, sampler: predictorCorrector(40, "langevin") }),
    submit({
      ...{ ...base, seed: 2n, sampler: predictorCorrector(40, "none") },
      condition: { condition: { $case: "inpaint", value: inpaint } },
    }),
    submit({
      ...{ ...base, seed: 3n },
      sampler: { method: { $case: "probabilityFlow", value: { solver: "rk45" } } },
    }),
    encode({
      model: MODEL,
      images: [image, image],
      solver: { solver: "heun", steps: 20 },
      options,
    }),
    logLikelihood({ model: MODEL, seed: 4n, images: [image, image], options }),
  ]);
  const events = await Promise.all(jobs.map((job) => eventsOf(job)));
  return events.map((all) => all.map(resultOf).filter((one) => one !== undefined));
}

/** A result of a row, by its row; undefined for other events and those that tell times. */
function resultOf({ event }: JobEvent): unknown {
  if (event?.$case === "sampled" || event?.$case === "encoded" || event?.$case === "likelihood") {
    return event.value;
  }
  return undefined;
}

function byRow(results: readonly unknown[][]): unknown[][] {
  return results.map((one) =>
    one.toSorted((a, b) => (a as { row: number }).row - (b as { row: number }).row),
  );
}

/**
 * Every other one at a stage of one of the batches from a worker's third to its eighth, the others at a moment after it
 * has begun: what the one before it was at, and what waited behind that, are by then done. So no death looks like a
 * row's fault.
 */
function lives(deaths: number, { atStage, atMoment }: (typeof KINDS)[Isolation]): DyingLife[] {
  const pick = <T>(from: readonly T[], sample: number, draw: number): T => {
    const chosen = from[Math.floor(from.length * uniformNumber({ seed: 60n, sample, draw }))];
    if (chosen === undefined) throw new RangeError("nothing to pick from");
    return chosen;
  };
  return Array.from({ length: deaths }, (_, i) => {
    const when = {
      stage: pick(["prepared", "evaluated", "updated"] as const, i, 1),
      batch: pick([3, 4, 5, 6, 7, 8], i, 2),
    };
    if (i % 2 === 0) return { ...when, death: pick<DyingLife["death"]>(atStage, i, 0) };
    return {
      ...when,
      death: atMoment,
      afterMs: 5 * uniformNumber({ seed: 60n, sample: i, draw: 3 }),
    };
  });
}

const KINDS = {
  thread: { atStage: ["exit", "uncaught"], atMoment: "exit" },
  process: { atStage: ["exit", "uncaught", "abort", "segv"], atMoment: "kill" },
} as const;

/** Far less than so many workers take that are not given back: each has a session, tensors and an isolate or two pipes. */
const LEAK_MIB = 64;
const NOTHING = { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 };

for (const isolation of ISOLATIONS) {
  const deaths = DEATHS[isolation];
  test.serial(`${deaths} deaths of a ${isolation} under mixed load change no bit`, async (t) => {
    t.timeout(300_000, "on a busy machine a process takes seconds to start");
    const timers = new OwnTimers();
    t.teardown(() => timers.stop());
    const undisturbed = await startEngine({ models: [MODEL] });
    t.teardown(() => undisturbed.close());
    const expected = byRow(await resultsOf(undisturbed));
    t.deepEqual(
      expected.map(({ length }) => length),
      [4, 4, 4, 2, 2],
    );
    let lost = 0;
    const onLost = (): void => {
      lost++;
    };
    const workers = dyingWorkers({ lives: lives(deaths, KINDS[isolation]), isolation, onLost });
    const disturbed = await startEngine({ models: [MODEL], workers });
    t.teardown(() => disturbed.close());
    const held = await heldMemory();
    const idle = await timers.places();
    while (lost < deaths) t.deepEqual(byRow(await resultsOf(disturbed)), expected);
    t.is(lost, deaths);
    t.deepEqual(byRow(await resultsOf(disturbed)), expected);
    t.deepEqual(disturbed.engine.load, NOTHING);
    t.deepEqual(await timers.places(), idle);
    const { resident, external } = await heldMemory();
    const grown = { resident: resident - held.resident, external: external - held.external };
    t.log(`${lost} deaths; MiB more than before: ${JSON.stringify(grown)}`);
    t.true(grown.resident < LEAK_MIB && grown.external < LEAK_MIB, JSON.stringify(grown));
  });
}
