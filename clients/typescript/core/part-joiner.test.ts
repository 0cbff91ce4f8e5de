import test, { type ExecutionContext } from "ava";
import {
  type DeepPartial,
  JobEvent,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { PartJoiner } from "./part-joiner.ts";
import { ScoreStreamError } from "./scorestream-error.ts";
import { sha256Of } from "./upload-parts.ts";

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);

function event(happened: DeepPartial<JobEvent>["event"]): JobEvent {
  return JobEvent.fromPartial({ jobId: "job", event: happened });
}

/** Bytes from `from` on, at most 40. */
async function part(from: number, changes: { sha256?: string; sizeBytes?: bigint } = {}) {
  const sha256 = from + 40 >= BYTES.length ? await sha256Of(BYTES) : "";
  const data = BYTES.subarray(from, from + 40);
  const value = { offset: BigInt(from), data, sizeBytes: 100n, sha256, ...changes };
  return event({ $case: "part", value });
}

const SAMPLED = event({ $case: "sampled", value: { row: 3, image: { shape: { width: 5 } } } });

async function failure(t: ExecutionContext, joiner: PartJoiner, ...events: JobEvent[]) {
  try {
    for (const each of events) t.is(await joiner.take(each), undefined);
  } catch (error) {
    if (error instanceof ScoreStreamError) return [error.code ?? error.status, error.message];
    throw error;
  }
  return [];
}

test("parts become the bytes of a picture, a preview's picture or a latent; another event is handed on", async (t) => {
  const joiner = new PartJoiner();
  const cases: readonly JobEvent[] = [
    SAMPLED,
    event({ $case: "preview", value: { image: {} } }),
    event({ $case: "encoded", value: { latent: {} } }),
  ];
  for (const last of cases) {
    for (const from of [0, 40, 80]) t.is(await joiner.take(await part(from)), undefined);
    const whole = (await joiner.take(last))?.event;
    if (whole?.$case === "encoded") t.deepEqual(whole.value.latent?.float32, BYTES);
    else if (whole?.$case === "sampled" || whole?.$case === "preview") {
      t.deepEqual(whole.value.image?.data, BYTES);
      if (whole.$case === "sampled")
        t.deepEqual([whole.value.row, whole.value.image?.shape?.width], [3, 5]);
    } else t.fail();
    t.is(await joiner.take(SAMPLED), SAMPLED);
  }
});

test("a connection that was lost between parts begins the event anew", async (t) => {
  const joiner = new PartJoiner();
  for (const from of [0, 40, 0, 40, 80]) t.is(await joiner.take(await part(from)), undefined);
  const whole = (await joiner.take(SAMPLED))?.event;
  t.deepEqual(whole?.$case === "sampled" && whole.value.image?.data, BYTES);
});

test("parts that are missing, doubled or changed are no picture", async (t) => {
  const fails = async (...events: JobEvent[]) => failure(t, new PartJoiner(), ...events);
  const lost = "DATA_LOSS";
  const [first, second, last] = [await part(0), await part(40), await part(80)];
  t.deepEqual(await fails(first, last), [
    lost,
    "a result came broken: seen a part from byte 80 on, expected 40",
  ]);
  t.deepEqual(await fails(second), [
    lost,
    "a result came broken: seen a part from byte 40 on, expected 0",
  ]);
  t.deepEqual(await fails(first, second, SAMPLED), [
    lost,
    "a result came broken: seen 80 bytes, expected 100",
  ]);
  t.is((await fails(first, second, await part(80, { sha256: "ab" }), SAMPLED))[0], lost);
  t.is((await fails(await part(0, { sizeBytes: 39n })))[0], lost);
  const queued = event({ $case: "queued", value: {} });
  t.is((await fails(first, second, last, queued))[0], lost);
});

test("more than the caller takes is refused with the first part", async (t) => {
  t.deepEqual(await failure(t, new PartJoiner(99), await part(0)), [
    "too-large",
    "a picture or latent of 100 bytes is more than this client takes, 99 (maxEventBytes)",
  ]);
  t.deepEqual(await failure(t, new PartJoiner(100), await part(0)), []);
});
