import type { Client } from "../../clients/typescript/core/client.ts";
import type { PictureJob } from "../../clients/typescript/core/job.ts";
import type { JobEvent } from "../../proto/messages/gen/scorestream/v1/scorestream.ts";

export const MODEL = "color-digits";

/** A job of the model's own sampler, or of so many steps of it. */
export function start(client: Client, count: number, steps = 0): PictureJob {
  const sampler = { method: { $case: "predictorCorrector", value: { steps } } } as const;
  return client.sample({ model: MODEL, count, seed: 1n, sampler, preview: { everySteps: 10 } });
}

/** One that has not ended when it is left. */
export function startLong(client: Client, count: number): PictureJob {
  return start(client, count, 10_000);
}

/** Reads a job on and on. @returns when `enough` was true of an event @throws ScoreStreamError where it fails before */
function readUntil(job: PictureJob, enough: (event: JobEvent["event"]) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const read = async (): Promise<void> => {
      for await (const { event } of job) if (enough(event)) resolve();
    };
    // What it ends with later, when it is left, is of no interest.
    read().catch(reject);
  });
}

export function accepted(job: PictureJob): Promise<void> {
  return readUntil(job, (event) => event?.$case === "accepted");
}

/** Each row of a job has shown a preview: by then it has touched both sides of all its registers. */
export function begun(job: PictureJob, count: number): Promise<void> {
  const rows = new Set<number>();
  return readUntil(job, (event) => {
    if (event?.$case === "preview") rows.add(event.value.row);
    return rows.size === count;
  });
}
