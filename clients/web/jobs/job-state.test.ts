import test from "ava";
import { Accepted, type JobEvent } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { JobState } from "./job-state.ts";

type Event = NonNullable<JobEvent["event"]>;

/** A job that was given these events, numbered from 1. */
function after(...events: readonly Event[]): JobState {
  const state = new JobState();
  for (const [i, event] of events.entries()) {
    state.apply({ jobId: "j", sequence: BigInt(i + 1), event });
  }
  return state;
}

const ACCEPTED: Event = {
  $case: "accepted",
  value: Accepted.fromPartial({ rows: 2, expectedEvaluations: 10n }),
};

function image(level: number) {
  return { format: 3, shape: undefined, data: Uint8Array.of(level) } as const;
}

function preview(row: number, evaluations: number): Event {
  const value = { row, evaluations: BigInt(evaluations), time: 0.5, image: image(evaluations) };
  return { $case: "preview", value };
}

function progress(row: number, fraction: number): Event {
  const evaluations = BigInt(Math.round(10 * fraction));
  return { $case: "progress", value: { row, evaluations, time: 0.5, fraction } };
}

test("rows are there with the acceptance, and move with their events", (t) => {
  const state = after(ACCEPTED, progress(0, 0.5), progress(1, 0.1));
  t.deepEqual([state.id, state.sequence, state.expectedEvaluations], ["j", 3n, 10]);
  t.deepEqual([state.fraction, state.evaluations, state.doneRows], [0.3, 6, 0]);
});

test("a result is the last frame of its row, and a late preview is none", (t) => {
  const sampled: Event = {
    $case: "sampled",
    value: { row: 0, image: image(99), evaluations: 10n },
  };
  const { rows } = after(ACCEPTED, preview(0, 1), preview(0, 2), sampled, preview(0, 3));
  t.deepEqual(
    rows[0]?.frames.map(({ image: { data } }) => data[0]),
    [1, 2, 99],
  );
  t.deepEqual([rows[0]?.done, rows[0]?.fraction, rows[1]?.done], [true, 1, false]);
});

test("an event that was seen before changes nothing", (t) => {
  const state = after(ACCEPTED, preview(0, 1), preview(0, 2));
  t.is(state.apply({ jobId: "j", sequence: 2n, event: preview(0, 1) }), undefined);
  t.is(state.rows[0]?.frames.length, 2);
});

test("a reader that comes late has gaps, and learns of rows from their own events", (t) => {
  const state = new JobState();
  const row = state.apply({ jobId: "j", sequence: 40n, event: progress(3, 0.5) });
  t.deepEqual([row?.row, state.rows.length, state.sequence], [3, 4, 40n]);
});

test("frames of a long row are thinned evenly, and the newest stays", (t) => {
  const previews = Array.from({ length: 1000 }, (_, i) => preview(0, i + 1));
  const frames = after(ACCEPTED, ...previews).rows[0]?.frames ?? [];
  t.true(frames.length <= 96, `${frames.length}`);
  const gaps = frames
    .slice(1, -1)
    .map(({ evaluations }, i) => evaluations - (frames[i]?.evaluations ?? 0));
  t.deepEqual([...new Set(gaps)], [16]);
  t.is(frames.at(-1)?.evaluations, 1000);
});
