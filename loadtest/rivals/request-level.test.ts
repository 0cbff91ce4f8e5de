import { fileURLToPath } from "node:url";
import test from "ava";
import { connect } from "../../clients/typescript/connect.ts";
import type { Client } from "../../clients/typescript/core/client.ts";
import { spawnServer } from "../spawn.ts";

const MODELS = fileURLToPath(new URL("../../../models", import.meta.url));
const FLAGS = ["--models", MODELS, "--log-level", "warn"];

/** Two samples of so many steps. @returns how many rows shared an evaluation */
async function sample(client: Client, steps: number, onBegun = (): void => {}): Promise<number> {
  let rows = 0;
  const events = client.sample({
    model: "gaussian-mixture-vp",
    count: 2,
    sampler: { method: { $case: "fast", value: { method: "ddim", steps } } },
    preview: { everySteps: 1 },
  });
  for await (const { event } of events) {
    if (event?.$case === "preview") onBegun();
    if (event?.$case === "completed") rows = event.value.meanBatchRows;
  }
  return rows;
}

/**
 * Jobs of the given steps, of which the first has begun when the others are sent.
 *
 * @returns the order in which they ended, and how many rows shared an evaluation in each
 */
async function behind(target: string, [first = 0, ...others]: readonly number[]) {
  const client = connect(target);
  const ended: number[] = [];
  const run = async (steps: number, i: number, onBegun?: () => void): Promise<number> => {
    const rows = await sample(client, steps, onBegun);
    ended.push(i);
    return rows;
  };
  try {
    let rest: Promise<number>[] = [];
    const rows = await run(first, 0, () => {
      if (rest.length === 0) rest = others.map((steps, i) => run(steps, i + 1));
    });
    return { ended, rows: [rows, ...(await Promise.all(rest))] };
  } finally {
    await client.close();
  }
}

async function withServer(
  program: Parameters<typeof spawnServer>[1],
  use: (target: string) => Promise<void>,
): Promise<void> {
  const server = await spawnServer(FLAGS, program);
  try {
    await use(server.grpc);
  } finally {
    await server.stop();
  }
}

const rival = (name: string) => ["loadtest/rivals/main.js", name] as const;

test("batches of requests run to their end; then those of the same call share one", async (t) => {
  await withServer(rival("request-level"), async (target) => {
    t.deepEqual(await behind(target, [400, 10, 400]), { ended: [0, 1, 2], rows: [2, 2, 2] });
    t.deepEqual((await behind(target, [400, 20, 20, 20])).rows, [2, 6, 6, 6]);
  });
});

test("one at a time shares nothing", async (t) => {
  await withServer(rival("one-at-a-time"), async (target) => {
    t.deepEqual((await behind(target, [400, 20, 20, 20])).rows, [2, 2, 2, 2]);
  });
});

test("scorestream itself lets the short one by, and batches all of them", async (t) => {
  await withServer(undefined, async (target) => {
    const { ended, rows } = await behind(target, [400, 10, 400]);
    t.is(ended[0], 1);
    t.true(
      rows.every((mean) => mean > 2),
      `${rows}`,
    );
  });
});
