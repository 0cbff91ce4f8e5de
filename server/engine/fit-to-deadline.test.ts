import anyTest, { type ExecutionContext, type TestFn } from "ava";
import {
  type DeepPartial,
  SampleRequest,
  type Sampler,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { checkSample } from "../requests/sample.ts";
import { eventsOf, type StartedEngine, startEngine } from "../testing/start-engine.ts";
import type { Promised } from "./admission.ts";
import { fitToDeadline } from "./fit-to-deadline.ts";
import type { JobSpec } from "./job-spec.ts";

const MODEL = "gaussian-mixture-vp";

const test = anyTest as TestFn<StartedEngine>;

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL] });
});

test.after.always((t) => t.context.close());

type Method = DeepPartial<Sampler>["method"];

const euler = (steps: number): Method => ({
  $case: "predictorCorrector",
  value: { predictor: "euler-maruyama", corrector: "none", steps },
});

const annealed = (scales: number, stepsPerScale = 5): Method => ({
  $case: "annealedLangevin",
  value: { scales, stepsPerScale },
});

interface Asked extends DeepPartial<Omit<SampleRequest, "sampler">> {
  readonly method?: Method;
  readonly denoise?: boolean;
}

/** A checked request that is to be fitted; its deadline is `evaluations` evaluations of 1 ms away. */
async function specOf(
  { context }: StartedEngine,
  evaluations: number,
  { method, denoise, ...rest }: Asked,
): Promise<{ spec: JobSpec; expect: (way: JobSpec) => Promised; calls: () => number }> {
  const request = SampleRequest.fromPartial({
    model: MODEL,
    sampler: { method, denoise },
    options: { deadline: { seconds: 3600n, nanos: 0 }, fitToDeadline: true },
    ...rest,
  });
  const spec = await checkSample(request, context);
  const nowMs = (spec.deadlineMs ?? 0) - evaluations;
  let calls = 0;
  const expect = (way: JobSpec): Promised => {
    calls++;
    return { nowMs, promiseMs: nowMs + (way.rows[0]?.program.evaluations ?? 1e6), missed: 0 };
  };
  return { spec, expect, calls: () => calls };
}

async function adjusted(started: StartedEngine, evaluations: number, asked: Asked) {
  const { spec, expect } = await specOf(started, evaluations, asked);
  return fitToDeadline(spec, expect).spec;
}

/** All of what was asked for, and no other way. */
function isAsAsked(t: ExecutionContext<StartedEngine>, fitted: JobSpec, spec: JobSpec): void {
  const { cheaper: _, ...asked } = spec;
  t.deepEqual(Object.keys(fitted), Object.keys(asked));
  for (const key of Object.keys(asked) as (keyof typeof asked)[]) t.is(fitted[key], asked[key]);
}

test("a job that can be done in time is left as it is, and lets go of its other ways with what they hold", async (t) => {
  const { spec, expect, calls } = await specOf(t.context, 250, { method: euler(250) });
  t.true((spec.cheaper ?? []).length > 0);
  isAsAsked(t, fitToDeadline(spec, expect).spec, spec);
  t.is(calls(), 1);
  t.is(spec.adjusted, "");
});

const CASES: readonly (readonly [evaluations: number, asked: Asked, adjusted: string])[] = [
  [
    100,
    { method: euler(250) },
    "predictor_corrector/euler-maruyama with 100 steps in place of predictor_corrector/euler-maruyama with 250 steps",
  ],
  [
    50,
    { method: euler(250) },
    "predictor_corrector/euler-maruyama with 50 steps in place of predictor_corrector/euler-maruyama with 250 steps",
  ],
  [
    49,
    { method: euler(250) },
    "fast/dpm-solver++2m-sde with 49 steps in place of predictor_corrector/euler-maruyama with 250 steps",
  ],
  [
    19,
    { method: euler(250) },
    "fast/dpm-solver++2m with 19 steps in place of predictor_corrector/euler-maruyama with 250 steps",
  ],
  [
    12,
    { method: { $case: "fast", value: { method: "dpm-solver++2m-sde" } } },
    "fast/dpm-solver++2m with 12 steps in place of fast/dpm-solver++2m-sde with 20 steps",
  ],
  [
    5000,
    { method: annealed(2000) },
    "predictor_corrector/euler-maruyama with 1000 steps in place of annealed_langevin with 2000 steps",
  ],
  [
    200,
    { method: { $case: "probabilityFlow", value: { solver: "rk45" } } },
    "predictor_corrector/euler-maruyama with 200 steps in place of probability_flow/rk45 with adaptive steps",
  ],
];

for (const [evaluations, asked, expected] of CASES) {
  test(`${evaluations} evaluations: ${expected}`, async (t) => {
    const fitted = await adjusted(t.context, evaluations, asked);
    t.is(fitted.adjusted, expected);
    t.is((await adjusted(t.context, evaluations, asked)).adjusted, expected);
    const [name, steps] = /^(\S+) with (\d+) steps in place of /.exec(expected)?.slice(1) ?? [];
    const method = fitted.used.sampler?.method;
    const used = method?.$case === "fast" ? `fast/${method.value.method}` : method?.$case;
    t.is(used?.replace("predictorCorrector", "predictor_corrector/euler-maruyama"), name);
    t.is(fitted.rows[0]?.program.evaluations, Number(steps));
  });
}

test("where no way is quick enough, the quickest says when", async (t) => {
  const { spec, expect } = await specOf(t.context, 9, { method: euler(250) });
  const { spec: way, expected } = fitToDeadline(spec, expect);
  t.regex(way.adjusted ?? "", /^fast\/dpm-solver\+\+2m with 10 steps in place of /);
  t.is(expected.promiseMs - expected.nowMs, 10);
});

test("a sampler that is below every rung has no cheaper way", async (t) => {
  const method: Method = { $case: "fast", value: { method: "dpm-solver++2m", steps: 8 } };
  const { spec, expect } = await specOf(t.context, 5, { method });
  t.is(spec.cheaper?.length, 0);
  isAsAsked(t, fitToDeadline(spec, expect).spec, spec);
});

test("a way that would break another job's deadline is none", async (t) => {
  const { spec, expect } = await specOf(t.context, 100, { method: euler(250) });
  const jealous = (way: JobSpec): Promised => {
    const expected = expect(way);
    return { ...expected, missed: expected.promiseMs - expected.nowMs > 30 ? 1 : 0 };
  };
  const fitted = fitToDeadline(spec, jealous).spec;
  t.regex(fitted.adjusted ?? "", /^fast\/dpm-solver\+\+2m-sde with 30 steps/);
});

test("fewer steps keep whatever else the request says of its sampler", async (t) => {
  const value = { method: "dpm-solver++2m", steps: 100, timeGrid: "uniform" };
  const fitted = await adjusted(t.context, 40, { method: { $case: "fast", value } });
  t.like(fitted.used.sampler?.method, { value: { steps: 40, timeGrid: "uniform" } });
});

test("rungs that the request's other fields exclude are passed over", async (t) => {
  // Fast solvers end with the denoised estimate.
  const { spec, expect } = await specOf(t.context, 20, { method: euler(250), denoise: false });
  t.is(spec.cheaper?.length, 1);
  const { spec: way } = fitToDeadline(spec, expect);
  t.regex(way.adjusted ?? "", /^predictor_corrector\/euler-maruyama with 50 steps/);
  t.is(way.used.sampler?.denoise, false);
});

test("a condition stays, and one that only predictor-correctors keep to is given no other", async (t) => {
  const shape = { channels: 3, height: 4, width: 4 };
  const tensor = (channels: number) =>
    ({
      source: {
        $case: "tensor",
        value: { shape: { ...shape, channels }, float32: Buffer.alloc(channels * 64) },
      },
    }) as const;
  const inpaint = (resampleJumps: number): Asked => ({
    method: euler(250),
    condition: {
      condition: { $case: "inpaint", value: { image: tensor(3), mask: tensor(1), resampleJumps } },
    },
  });
  const plain = await adjusted(t.context, 15, inpaint(0));
  t.regex(plain.adjusted ?? "", /^fast\/dpm-solver\+\+2m with 15 steps/);
  t.is(plain.rows[0]?.inputs.length, 2);
  const { spec } = await specOf(t.context, 15, inpaint(2));
  t.is(spec.cheaper?.length, 1);
});

test("a model without a ladder says so, and who has one", async (t) => {
  const { context } = t.context;
  const model = context.repository.models.get(MODEL);
  if (model === undefined) return t.fail();
  const { ladder: _, ...manifest } = model.manifest;
  const models = new Map([
    [MODEL, model],
    ["bare", { ...model, name: "bare", manifest }],
  ]);
  const repository = { ...context.repository, models };
  const options = { deadline: { seconds: 1n, nanos: 0 }, fitToDeadline: true };
  const request = SampleRequest.fromPartial({ model: "bare", options });
  const error = await t.throwsAsync(checkSample(request, { ...context, repository }), {
    instanceOf: ServerError,
  });
  t.is(error?.code, "capability-missing");
  t.is(
    error?.message,
    `options.fit_to_deadline: model "bare" lists no samplers to fit with; models that do: "${MODEL}"`,
  );
});

/** The least deadline that a job is promised, in seconds: what the refusal of a shorter one says. */
async function promisedSeconds(started: StartedEngine, asked: DeepPartial<SampleRequest>) {
  const options = { deadline: { seconds: 0n, nanos: 1 } };
  const error = await started.submit({ ...asked, options }).catch((thrown: unknown) => thrown);
  const message = error instanceof ServerError ? error.message : "";
  return Number(/expected at least ([\d.]+) s/.exec(message)?.[1]);
}

test.serial("a fitted job is done in time, and says what it was and what was used", async (t) => {
  const { submit, engine } = t.context;
  // A million evaluations a row, of which the ladder's first rung takes a thousand: half of the time is far too little for
  // the one, and far more than the other needs. On a machine so busy that a step takes a thousand times what was measured,
  // fewer of its steps are right, so that their number is not asserted.
  const asked = { model: MODEL, count: 4, sampler: { method: annealed(10_000, 100) } };
  const seconds = (await promisedSeconds(t.context, asked)) / 2;
  const deadline = {
    seconds: BigInt(Math.floor(seconds)),
    nanos: Math.floor((seconds % 1) * 1e9),
  };
  const plain = await t.throwsAsync(submit({ ...asked, options: { deadline } }), {
    instanceOf: ServerError,
  });
  t.is(plain?.code, "deadline-exceeded");
  const options = { deadline, fitToDeadline: true };
  for (const strict of [false, true]) {
    const job = await submit({ ...asked, options: { ...options, strict } });
    const events = await eventsOf(job);
    const [accepted] = events;
    const completed = events.at(-1)?.event;
    if (completed?.$case !== "completed" || accepted?.event?.$case !== "accepted") return t.fail();
    const { value } = completed;
    t.is(accepted.event.value.adjusted, value.adjusted);
    const used = value.sampler?.method;
    if (used?.$case !== "predictorCorrector") return t.fail();
    const { predictor, steps } = used.value;
    t.is(predictor, "euler-maruyama");
    t.true(steps > 0 && steps <= 1000, `${steps} steps`);
    t.is(
      value.adjusted,
      `predictor_corrector/euler-maruyama with ${steps} steps in place of annealed_langevin with 10000 steps`,
    );
    t.is(value.evaluations, BigInt(4 * steps));
    // What it did is a request of its own, with the same bits.
    if (!strict) continue;
    const again = await eventsOf(
      submit({ ...asked, sampler: value.sampler ?? {}, options: { strict } }),
    );
    t.deepEqual(again.map(pictureOf).filter(Boolean), events.map(pictureOf).filter(Boolean));
  }
  t.is(engine.load.jobs, 0);
});

function pictureOf({ event }: Awaited<ReturnType<typeof eventsOf>>[number]) {
  if (event?.$case !== "sampled") return undefined;
  return Buffer.from(event.value.image?.data ?? []).toString("hex");
}

test.serial("one that can't be fitted is refused with the time of the quickest way", async (t) => {
  const { submit, engine } = t.context;
  const asked = { model: MODEL, count: 8, sampler: { method: annealed(10_000) } };
  const options = { deadline: { seconds: 0n, nanos: 1 }, fitToDeadline: true };
  const error = await t.throwsAsync(submit({ ...asked, options }), { instanceOf: ServerError });
  t.is(error?.code, "deadline-exceeded");
  const [, seconds] =
    /^options\.deadline: seen .*, expected at least ([\d.]+) s, with fast\/dpm-solver\+\+2m with 10 steps in place of annealed_langevin with 10000 steps$/.exec(
      error?.message ?? "",
    ) ?? [];
  t.true(Number(seconds) < (await promisedSeconds(t.context, asked)), error?.message);
  t.is(engine.load.jobs, 0);
});

test("what a job is fitted to is still the call that asked for it", async (t) => {
  const { spec, expect } = await specOf(t.context, 30, { method: euler(200) });
  const fitted = fitToDeadline({ ...spec, task: "sample" }, expect);
  t.not(fitted.spec.adjusted ?? "", "");
  t.is(fitted.spec.task, "sample");
});
