import anyTest, { type TestFn } from "ava";
import { connect } from "./connect.ts";
import { ScoreStreamError } from "./core/scorestream-error.ts";
import { type SpawnedServer, spawnServer } from "./testing/spawn-server.ts";

const test = anyTest.serial as TestFn<SpawnedServer>;

test.before(async (t) => {
  t.context = await spawnServer(["gaussian-mixture-vp"], []);
});

test.after.always(async (t) => {
  t.deepEqual(await t.context.stop(), [0, null]);
});

function request(steps: number, count: number) {
  const value = { method: "ddim", steps };
  const sampler = { method: { $case: "fast", value } } as const;
  return { count, seed: 7n, sampler, options: { strict: true } };
}

for (const [name, addressOf] of [
  ["gRPC", ({ target }: SpawnedServer) => target],
  ["the WebSocket", ({ http }: SpawnedServer) => http],
] as const) {
  test(`images are cancelled over ${name}: the others come, and a list that has holes is an error`, async (t) => {
    const client = connect(addressOf(t.context));
    t.teardown(() => client.close());
    const whole = await client.sample(request(1500, 3)).images();
    const told: string[] = [];
    const images: Uint8Array[] = [];
    let answer: Promise<unknown> | undefined;
    const job = client.sample(request(1500, 3));
    const error = await t.throwsAsync(
      job.images(({ jobId, event }) => {
        if (event?.$case === "accepted") answer = client.cancel(jobId, { rows: [2, 0] });
        else if (event?.$case === "rowCancelled") told.push(`cancelled ${event.value.row}`);
        else if (event?.$case === "completed") told.push(`without ${event.value.cancelledRows}`);
        else if (event?.$case === "sampled" && event.value.image) {
          images[event.value.row] = event.value.image.data;
        }
      }),
      {
        instanceOf: ScoreStreamError,
        message: "images 0, 2 of the job were cancelled: its events have the others' results",
      },
    );
    t.deepEqual([error.code, error.status], ["cancelled", "CANCELLED"]);
    t.deepEqual(await answer, { cancelled: true, rows: [0, 2] });
    t.deepEqual(told, ["cancelled 0", "cancelled 2", "without 0,2"]);
    t.deepEqual(Object.keys(images), ["1"]);
    t.deepEqual(Buffer.from(images[1] ?? []), Buffer.from(whole[1]?.data ?? []));
  });

  test(`what can't be cancelled over ${name} is said`, async (t) => {
    const client = connect(addressOf(t.context));
    t.teardown(() => client.close());
    let jobId = "";
    for await (const event of client.sample(request(2, 2))) ({ jobId } = event);
    t.deepEqual(await client.cancel(jobId, { rows: [1] }), { cancelled: false, rows: [] });
    const error = await t.throwsAsync(client.cancel(jobId, { rows: [0, 2] }), {
      instanceOf: ScoreStreamError,
      message: "rows[1]: seen 2, expected 0 to 1: the job has 2 images",
    });
    t.is(error.field, "rows[1]");
    for await (const event of client.sample(request(3000, 2))) {
      ({ jobId } = event);
      if (event.event?.$case !== "accepted") continue;
      t.deepEqual(await client.cancel(jobId, { rows: [] }), { cancelled: false, rows: [] });
      t.true((await client.cancel(jobId)).cancelled, "none is not all");
      break;
    }
  });
}
