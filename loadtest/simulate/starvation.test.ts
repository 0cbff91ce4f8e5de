import test from "ava";
import fc from "fast-check";
import { Scheduler } from "../../server/engine/scheduler.ts";
import { starvationBoundMs } from "../../server/engine/starvation-bound.ts";
import { CPU, GPU } from "./device-model.ts";

const TENANTS = ["a", "b", "c"];

interface Kind {
  readonly lane: string;
  readonly tenant: string;
  readonly priority: "interactive" | "batch";
  readonly rows: number;
  /** Whether its rows are always at risk. */
  readonly late: boolean;
}

/** Every row comes back at once after its step: the device is never free. */
test("no row waits longer than its bound, whoever else is there", (t) => {
  const kind = fc.record({
    lane: fc.constantFrom("m", "n", "o"),
    tenant: fc.constantFrom(...TENANTS),
    priority: fc.constantFrom("interactive" as const, "batch" as const),
    rows: fc.constantFrom(1, 3, 40),
    late: fc.boolean(),
  });
  const weights = fc.record({
    a: fc.constantFrom(1, 4),
    b: fc.constantFrom(1, 2),
    c: fc.constantFrom(0.5, 1),
  });
  fc.assert(
    fc.property(
      fc.array(kind, { minLength: 2, maxLength: 5 }),
      weights,
      fc.constantFrom(CPU, GPU),
      fc.boolean(),
      (kinds, weightBy, { limit, stepMs }, pipelined) => {
        const weightOf = (tenant: string): number => weightBy[tenant as keyof typeof weightBy] ?? 1;
        const scheduler = new Scheduler<string>({ weightOf });
        for (const lane of ["m", "n", "o"]) scheduler.open(lane, { limit, stepMs });
        const longestMs = stepMs(limit);
        const rows = new Map<string, { kind: Kind; sinceMs: number; boundMs: number }>();
        let nowMs = 0;
        const ready = (row: string, one: Kind): void => {
          const { lane, tenant, priority, late } = one;
          const same = [...rows.values()].filter(({ kind: other }) => other.priority === priority);
          const ahead = same.filter(({ kind: other }) => other.tenant === tenant).length;
          const boundMs = starvationBoundMs({
            priority,
            pipelined,
            longestMs,
            limit,
            weight: weightOf(tenant),
            others: TENANTS.filter((other) => other !== tenant).map(weightOf),
            aheadMs: ahead * stepMs(1),
          });
          rows.set(row, { kind: one, sinceMs: nowMs, boundMs });
          scheduler.add(lane, row, {
            tenant,
            priority,
            ...(late ? { deadlineMs: nowMs, evaluations: 1 } : {}),
          });
        };
        for (const [k, one] of kinds.entries()) {
          for (let i = 0; i < one.rows; i++) ready(`${k}/${i}`, one);
        }
        const away: NonNullable<ReturnType<typeof scheduler.next>>[] = [];
        for (let batches = 0; batches < 1500; batches++) {
          while (away.length < (pipelined ? 2 : 1)) {
            const choice = scheduler.next(nowMs, { full: away.length > 0 });
            if (choice === undefined) break;
            away.push(choice);
          }
          const choice = away.shift();
          if (choice === undefined) throw new Error("rows are ready and none is chosen");
          nowMs += stepMs(choice.rows.length);
          for (const row of choice.rows) {
            const known = rows.get(row);
            if (known === undefined) throw new Error(`${row} is not ready`);
            rows.delete(row);
            ready(row, known.kind);
          }
          scheduler.back(choice);
          for (const { sinceMs, boundMs, kind: one } of rows.values()) {
            if (nowMs - sinceMs <= boundMs) continue;
            throw new Error(`${JSON.stringify(one)} waited ${nowMs - sinceMs} of ${boundMs} ms`);
          }
        }
      },
    ),
    { numRuns: 40, seed: 1 },
  );
  t.pass();
});
