import anyTest, { type TestFn } from "ava";
import fc from "fast-check";
import {
  type DeepPartial,
  type ProbabilityFlow,
  SampleRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { checkSample } from "../requests/sample.ts";
import { eventsOf, type StartedEngine, startEngine } from "../testing/start-engine.ts";
import { AdaptiveEvaluations, kindOf, MOST_KINDS } from "./adaptive-evaluations.ts";
import type { Job } from "./job.ts";
import type { JobSpec } from "./job-spec.ts";

const MODEL = "gaussian-mixture-vp";

const test = anyTest as TestFn<StartedEngine>;

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL] });
});

test.after.always((t) => t.context.close());

function learned(...evaluations: readonly number[]): AdaptiveEvaluations {
  const adaptive = new AdaptiveEvaluations();
  for (const each of evaluations) adaptive.observe("k", each);
  return adaptive;
}

test("before a row of its kind has ended, as much again as was seen is expected, and at least 100", (t) => {
  const adaptive = learned(300);
  t.deepEqual(
    [0, 90, 400].map((done) => adaptive.left("other", done)),
    [100, 100, 400],
  );
});

test("a new row is expected to take what nine in ten of its kind have taken", (t) => {
  t.is(learned(74).left("k", 0), 74);
  t.is(learned(...Array.from({ length: 20 }, (_, i) => 100 + i)).left("k", 0), 117);
});

test("a row counts down to what is expected; one that has passed it needs some more", (t) => {
  const adaptive = learned(200, 200, 200);
  t.deepEqual(
    [50, 150, 190, 200, 210, 1000].map((done) => adaptive.left("k", done)),
    [150, 50, 19, 20, 21, 100],
  );
});

test("up to a tenth of the last rows may be anything, and what is older is forgotten", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 100 }),
      fc.array(fc.double(), { maxLength: 6 }),
      fc.array(fc.integer({ min: 80, max: 120 }), { minLength: 64, maxLength: 80 }),
      (old, disturbed, recent) => {
        const left = learned(...old, ...recent, ...disturbed).left("k", 0);
        t.true(left >= 80 && left <= 120, `${left}`);
      },
    ),
  );
});

test("whatever is seen, at least one more is expected, and memory is bounded", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double(), fc.integer({ min: -5, max: 500 })), { maxLength: 100 }),
      fc.double({ min: 0, max: 1e5, noNaN: true }),
      (seen, done) => {
        const left = learned(...seen).left("k", done);
        t.true(left >= 1 && Number.isFinite(left), `${left}`);
      },
    ),
  );
  const adaptive = learned(300);
  for (let i = 1; i < MOST_KINDS; i++) adaptive.observe(`${i}`, 10);
  t.is(adaptive.left("k", 0), 300);
  adaptive.observe("k", 300);
  adaptive.observe("one more", 10);
  t.is(adaptive.left("k", 0), 300, "was seen last but one");
  t.is(adaptive.left("1", 0), 100, "has gone unseen for longest");
});

type Flow = DeepPartial<ProbabilityFlow>;

function specOf({ context }: StartedEngine, value: Flow): Promise<JobSpec> {
  const sampler = { method: { $case: "probabilityFlow", value } } as const;
  return checkSample(SampleRequest.fromPartial({ model: MODEL, sampler }), context);
}

test("a kind is a call, a solver's control and the decades of its tolerances", async (t) => {
  const kind = async (value: Flow, task = "sample") =>
    kindOf({ ...(await specOf(t.context, { solver: "rk45", ...value })), task });
  const kinds = await Promise.all([
    kind({}),
    kind({ relativeTolerance: 1e-3 }),
    kind({ absoluteTolerance: 1e-3 }),
    kind({ stepControl: "pi" }),
    kind({}, "decode"),
  ]);
  t.is(new Set(kinds).size, kinds.length, kinds.join(" "));
  const near = { relativeTolerance: 1.2e-5, absoluteTolerance: 0.9e-5, maxEvaluations: 5000n };
  t.is(await kind(near), kinds[0]);
  t.is(kindOf(await specOf(t.context, { solver: "euler", steps: 10 })), undefined);
});

async function expectedSeconds(job: Job): Promise<number> {
  for await (const { event } of job.events(0n)) {
    if (event?.$case !== "accepted") continue;
    const { seconds, nanos } = event.value.expectedDuration ?? { seconds: 0n, nanos: 0 };
    return Number(seconds) + nanos / 1e9;
  }
  return Number.NaN;
}

test.serial(
  "a job is expected to take as long as one of as many steps as the last one took",
  async (t) => {
    const { engine } = t.context;
    const tight = { solver: "rk45", relativeTolerance: 1e-7, absoluteTolerance: 1e-7 };
    const adaptive = await specOf(t.context, tight);
    const completed = (await eventsOf(engine.submit(adaptive))).at(-1)?.event;
    if (completed?.$case !== "completed") return t.fail();
    const evaluations = Number(completed.value.evaluations);
    t.true(evaluations > 150, `${evaluations}: too near to what is expected of the unknown`);
    const known = await specOf(t.context, { solver: "euler", steps: evaluations });
    const steps = 2 * evaluations - (known.rows[0]?.program.evaluations ?? 0);
    const fixed = await specOf(t.context, { solver: "euler", steps });
    t.is(fixed.rows[0]?.program.evaluations, evaluations);
    // Without a turn of the event loop between them, so that all else is the same.
    const jobs = [adaptive, fixed].map((spec) => {
      const job = engine.submit(spec);
      engine.cancel(job);
      return job;
    });
    const [seen, expected] = await Promise.all(jobs.map(expectedSeconds));
    t.is(seen, expected);
  },
);
