import { mock } from "node:test";
import anyTest from "ava";
import fc from "fast-check";
import { openRepository } from "../models/repository.ts";
import {
  type Asked,
  type Command,
  CommandedEngine,
  ENDS,
  TENANTS,
} from "../testing/commanded-engine.ts";
import { MODELS } from "../testing/start-engine.ts";
import type { TenantLimits } from "./bounds.ts";
import { PRIORITIES } from "./device-schedule.ts";

const test = anyTest.serial;

const MODEL = "gaussian-mixture-vp";

const which = fc.nat(20);
const asked: fc.Arbitrary<Asked> = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  priority: fc.constantFrom(...PRIORITIES),
  rows: fc.integer({ min: 1, max: 6 }),
  registers: fc.integer({ min: 1, max: 3 }),
  evaluations: fc.integer({ min: 1, max: 12 }),
  strict: fc.boolean(),
  detached: fc.boolean(),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("submit" as const), asked }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      which: fc.nat(1),
      outcome: fc.oneof(
        { weight: 8, arbitrary: fc.constant("done" as const) },
        { weight: 1, arbitrary: fc.constantFrom("failed", "lost", "nonfinite") },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "leave" as const), which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("cancelImage" as const), which, image: which }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.integer({ min: 1, max: 300 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("device" as const),
      out: fc.nat(3).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reload" as const) }) },
);

test("whatever happens, no bound is ever exceeded, and all is given back", async (t) => {
  const model = (await openRepository(MODELS, { intraOpThreads: 1 })).models.get(MODEL);
  if (model === undefined) throw new Error(`no model ${MODEL}`);
  const { channels, height, width } = model.shape;
  const registerBytes = 2 * 4 * channels * height * width;
  const bounds = (rows: number, ms: number): fc.Arbitrary<TenantLimits> =>
    fc.record({
      maxRows: fc.integer({ min: 4, max: rows }),
      maxRegisterBytes: fc.integer({ min: 8, max: 2 * rows }).map((n) => n * registerBytes),
      maxBacklogMs: fc.integer({ min: 50, max: ms }),
    });
  const codes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      bounds(30, 600),
      bounds(20, 400),
      fc.integer({ min: 1, max: 8 }),
      fc.array(command, { minLength: 20, maxLength: 80, size: "max" }),
      fc.constantFrom(...ENDS),
      async (limits, ofTenant, maxActiveRows, commands, end) => {
        mock.timers.enable({ apis: ["setTimeout"] });
        try {
          const both = new CommandedEngine(model, { ...limits, maxActiveRows }, ofTenant, codes);
          await both.open();
          for (const command of commands) await both.run(command);
          await both.end(end);
        } finally {
          mock.timers.reset();
        }
      },
    ),
    { numRuns: 100 },
  );
  t.log(codes);
  for (const code of ["", "queue-full", "too-large", "deadline-exceeded", "worker-lost"]) {
    t.true((codes.get(code) ?? 0) > 20, `"${code}" was hardly tried`);
  }
});
