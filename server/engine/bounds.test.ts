import test, { type ExecutionContext } from "ava";
import { JobOptions_Priority as Priority } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { OPEN_POLICY, Tenants } from "../tenants/tenants.ts";
import {
  type EngineSetup,
  eventsOf,
  type StartedEngine,
  startEngine,
} from "../testing/start-engine.ts";

const MODEL = "gaussian-mixture-vp";
const MIB = 1024 * 1024;

function start(t: ExecutionContext, setup: Omit<EngineSetup, "models">): Promise<StartedEngine> {
  const starting = startEngine({ models: [MODEL], ...setup });
  t.teardown(async () => (await starting).close());
  return starting;
}

/** A job that is not done while a test looks. */
function long(tenant: string, count: number, options = {}) {
  const value = { predictor: "euler-maruyama", corrector: "none", steps: 10_000 };
  const sampler = { method: { $case: "predictorCorrector", value } } as const;
  return { model: MODEL, count, sampler, options: { tenant, ...options } };
}

async function refusal(t: ExecutionContext, submitted: Promise<unknown>) {
  const error = await t.throwsAsync(submitted, { instanceOf: ServerError });
  return { ...error, message: error?.message ?? "", retryAfterMs: error?.retryAfterMs ?? 0 };
}

test("a tenant's rows are bounded, whatever room there is for others", async (t) => {
  const ofSmall = { ...OPEN_POLICY, maxRows: 4 };
  const tenants = new Tenants(OPEN_POLICY, new Map([["small", ofSmall]]));
  const { submit, engine } = await start(t, { tenants });
  const first = await submit(long("small", 3));
  const full = await refusal(t, submit(long("small", 2)));
  t.is(full.code, "queue-full");
  t.is(
    full.message,
    'the queue is full: 3 of 4 rows of tenant "small" are taken and the job asks for 2 (--tenant-max-rows or --tenants)',
  );
  t.true(full.retryAfterMs >= 100);
  const never = await refusal(t, submit(long("small", 5)));
  t.is(never.code, "too-large");
  t.is(
    never.message,
    'the job asks for 5 rows of tenant "small", expected at most 4 (--tenant-max-rows or --tenants)',
  );
  await submit(long("large", 100));
  await submit(long("small", 1));
  engine.cancel(first);
  await submit(long("small", 3));
  t.is((await refusal(t, submit(long("small", 1)))).code, "queue-full");
});

test("registers are bounded, those of rows that wait for them too", async (t) => {
  // A row of Euler-Maruyama that shows no previews has one vector of 48 float32, with a front and a back.
  const rowBytes = 2 * 48 * 4;
  const { submit } = await start(t, {
    maxActiveRows: 1,
    limits: { maxRegisterBytes: 10 * rowBytes },
    tenants: new Tenants({ ...OPEN_POLICY, maxRegisterBytes: 6 * rowBytes }),
  });
  await submit(long("a", 4));
  const own = await refusal(t, submit(long("a", 3)));
  t.is(own.code, "queue-full");
  const shown = (rows: number): string => String(Number(((rows * rowBytes) / MIB).toPrecision(4)));
  t.is(
    own.message,
    `the queue is full: ${shown(4)} of ${shown(6)} MiB of registers of tenant "a" are taken and the job asks for ${shown(3)} (--tenant-register-mib or --tenants)`,
  );
  await submit(long("a", 2));
  await submit(long("b", 4));
  const all = await refusal(t, submit(long("c", 1)));
  t.is(all.code, "queue-full");
  t.regex(all.message, /MiB of registers are taken .* \(--max-register-mib\)$/);
  t.is((await refusal(t, submit(long("c", 7)))).code, "too-large");
});

test("predicted work is bounded, by what is of the job's priority or above", async (t) => {
  const { submit, engine } = await start(t, { limits: { maxBacklogMs: 1 } });
  const batch = { priority: Priority.PRIORITY_BATCH };
  // Larger than the bound alone: taken on, since nothing is before it.
  const first = await submit(long("a", 4, batch));
  const full = await refusal(t, submit(long("b", 1, batch)));
  t.is(full.code, "queue-full");
  const [, taken, asked] =
    /^the queue is full: ([\d.]+) of 0\.001 s of predicted work are taken and the job asks for ([\d.]+) \(--max-backlog-s\)$/.exec(
      full.message,
    ) ?? [];
  t.true(Number(taken) > Number(asked), full.message);
  t.true(
    full.retryAfterMs <= Math.ceil(1001 * Number(taken)) + 100,
    `${full.retryAfterMs} ms: ${full.message}`,
  );
  // Interactive work goes before it, so batch work is no reason to refuse it.
  await submit(long("b", 1));
  t.is((await refusal(t, submit(long("b", 1)))).code, "queue-full");
  engine.cancel(first);
  t.is((await refusal(t, submit(long("c", 1, batch)))).code, "queue-full");
});

test("a tenant's predicted work is bounded, whatever others have", async (t) => {
  const ofSmall = { ...OPEN_POLICY, maxBacklogMs: 1 };
  const tenants = new Tenants(OPEN_POLICY, new Map([["small", ofSmall]]));
  const { submit, engine } = await start(t, { tenants, maxActiveRows: 1 });
  await submit(long("large", 100));
  // Larger than the bound alone: taken on, since the tenant has no other.
  const first = await submit(long("small", 4));
  const full = await refusal(t, submit(long("small", 1)));
  t.is(full.code, "queue-full");
  const [, taken, asked] =
    /^the queue is full: ([\d.]+) of 0\.001 s of predicted work of tenant "small" are taken and the job asks for ([\d.]+) \(--tenant-backlog-s or --tenants\)$/.exec(
      full.message,
    ) ?? [];
  t.true(Number(taken) > 3 * Number(asked), full.message);
  t.true(full.retryAfterMs >= 100 && full.retryAfterMs <= Math.ceil(1001 * Number(taken)) + 100);
  await submit(long("large", 100));
  const batch = { priority: Priority.PRIORITY_BATCH };
  t.is((await refusal(t, submit(long("small", 1, batch)))).code, "queue-full");
  engine.cancel(first);
  await submit(long("small", 4, batch));
  t.is((await refusal(t, submit(long("small", 1, batch)))).code, "queue-full");
  // Its interactive work goes before its batch work.
  await submit(long("small", 1));
});

test("a tenant has as much of the device as its weight says", async (t) => {
  const heavy = { ...OPEN_POLICY, weight: 3 };
  const tenants = new Tenants(OPEN_POLICY, new Map([["heavy", heavy]]));
  const { submit, engine } = await start(t, { tenants });
  const [a, b] = await Promise.all([submit(long("heavy", 128)), submit(long("light", 128))]);
  const done = (job: typeof a): number => job.rows.reduce((sum, row) => sum + row.evaluations, 0);
  const events = a.events(0n);
  while (done(a) < 128 * 50) await events.next();
  const ratio = done(a) / done(b);
  t.true(ratio > 2.5 && ratio < 3.5, `${done(a)} and ${done(b)} evaluations`);
  engine.cancel(a);
  engine.cancel(b);
});

test("a tenant's highest priority is that of jobs that name none", async (t) => {
  const bulk = { ...OPEN_POLICY, highestPriority: "batch" } as const;
  const { submit } = await start(t, {
    tenants: new Tenants(OPEN_POLICY, new Map([["bulk", bulk]])),
  });
  const short = {
    model: MODEL,
    sampler: { method: { $case: "fast", value: { method: "ddim" } } },
  } as const;
  const job = await submit({ ...short, options: { tenant: "bulk" } });
  t.is(job.spec.priority, "batch");
  t.is((await submit(short)).spec.priority, "interactive");
  const options = { tenant: "bulk", priority: Priority.PRIORITY_INTERACTIVE };
  t.is((await refusal(t, submit({ ...short, options }))).code, "invalid-argument");
  t.is((await eventsOf(job)).at(-1)?.event?.$case, "completed");
});
