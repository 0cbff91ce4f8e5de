/**
 * What telling jobs where they stand costs: one forecast of so many waiting rows of 100 tenants, 128 running, over what
 * it costs them to be given registers at all, once each.
 */
import type { Priority } from "../server/engine/device-schedule.ts";
import { queueForecast } from "../server/engine/queue-forecast.ts";
import { WaitingRows } from "../server/engine/waiting-rows.ts";
import { machine, median } from "./machine.ts";

interface Row {
  readonly tenant: string;
  readonly priority: Priority;
  readonly evaluations: number;
}

const ACTIVE = 128;
const TENANTS = 100;
const ROUNDS = 21;
const COST = { limit: 64, stepMs: (places: number) => 5 + places };

function situation(waiting: number): { rows: WaitingRows<Row>; active: Row[] } {
  const rows = new WaitingRows<Row>(ACTIVE, (row) => row);
  const active: Row[] = [];
  for (let i = 0; i < ACTIVE + waiting; i++) {
    const priority = i % 3 === 0 ? "batch" : "interactive";
    const row: Row = { tenant: `${i % TENANTS}`, priority, evaluations: 50 + ((i * 7919) % 200) };
    rows.add(row);
    if (i >= ACTIVE) continue;
    rows.hold(row);
    active.push(row);
  }
  return { rows, active };
}

function timed(act: () => void): number {
  const startMs = performance.now();
  act();
  return performance.now() - startMs;
}

const byRows: Record<string, { forecastMs: number; forecastOverPlaces: number }> = {};
for (const waiting of [256, 1024, 4096, 16_384]) {
  const { rows, active } = situation(waiting);
  const forecasts: number[] = [];
  const places: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    forecasts.push(
      timed(() => {
        queueForecast({
          nowMs: 0,
          waiting: rows.copy(),
          active,
          needOf: ({ priority, evaluations }) => ({
            ...{ priority, evaluations, cost: COST, places: 1, alone: false, elements: 1 },
          }),
          freeElements: Number.POSITIVE_INFINITY,
        });
      }),
    );
    places.push(timed(() => void giveAll(rows.copy(), active)));
  }
  const forecastMs = median(forecasts);
  byRows[waiting] = { forecastMs, forecastOverPlaces: forecastMs / median(places) };
  process.stdout.write(`${waiting} rows: ${forecastMs.toFixed(2)} ms\n`);
}

/** Gives every row its place and takes it back, as the engine does without a forecast. */
function giveAll(rows: WaitingRows<Row>, active: readonly Row[]): void {
  for (const row of active) rows.release(row);
  for (let row = rows.first; row !== undefined; row = rows.first) {
    rows.hold(row);
    rows.release(row);
  }
}

process.stdout.write(`${JSON.stringify({ benchmark: "forecast", byRows, machine: machine() })}\n`);
