import type { Meter } from "@opentelemetry/api";
import type { Job } from "../engine/job.ts";
import type { EngineObserver } from "../engine/observer.ts";

/** Upper bounds in seconds, from a quick step to a long job. */
const SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000,
];
const STEP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** What jobs and batches count, in the instruments of a meter; docs/operations.md says what each means. */
export function jobMetrics(meter: Meter, now = (): number => performance.now()): EngineObserver {
  const histogram = (name: string, description: string, unit: string, bounds: readonly number[]) =>
    meter.createHistogram(name, {
      description,
      unit,
      advice: { explicitBucketBoundaries: [...bounds] },
    });
  const duration = histogram("scorestream.job.duration", "Jobs from request to end", "s", SECONDS);
  const queued = histogram(
    "scorestream.job.queue.duration",
    "Jobs from request to their first registers",
    "s",
    SECONDS,
  );
  const firstPreview = histogram(
    "scorestream.job.first_preview.duration",
    "Jobs from request to their first preview",
    "s",
    SECONDS,
  );
  const rejections = meter.createCounter("scorestream.job.rejections", {
    description: "Requests that were not taken on",
    unit: "{request}",
  });
  const unread = meter.createCounter("scorestream.previews.dropped", {
    description: "Previews that a newer one replaced before their caller had read them",
    unit: "{preview}",
  });
  const batchRows = histogram("scorestream.batch.rows", "Rows that shared a step", "{row}", ROWS);
  const step = histogram("scorestream.batch.duration", "Steps of a batch", "s", STEP_SECONDS);
  const evaluations = meter.createCounter("scorestream.evaluations", {
    description: "Network evaluations, one a row and step",
    unit: "{evaluation}",
  });
  const padded = meter.createCounter("scorestream.batch.padding", {
    description: "Places that were evaluated with no row in them, to fill a batch up to a size",
    unit: "{evaluation}",
  });
  const failures = meter.createCounter("scorestream.batch.failures", {
    description: "Batches that failed; their rows run again",
    unit: "{batch}",
  });
  const busy = meter.createCounter("scorestream.device.busy", {
    description: "Time that workers spent on batches",
    unit: "s",
  });
  /** Jobs that have shown no preview yet. */
  const blank = new WeakSet<Job>();
  const kindOf = ({ spec }: Job) => ({
    "scorestream.model": spec.model.name,
    "scorestream.task": spec.task ?? "",
    "scorestream.priority": spec.priority ?? "interactive",
  });
  return {
    submitted(job) {
      blank.add(job);
    },
    refused({ model, task = "" }, { code }) {
      const asked = { "scorestream.model": model.name, "scorestream.task": task };
      rejections.add(1, { ...asked, "error.type": code });
    },
    started(job) {
      queued.record((now() - job.submittedMs) / 1000, kindOf(job));
    },
    previewed(job) {
      if (!blank.delete(job)) return;
      firstPreview.record((now() - job.submittedMs) / 1000, kindOf(job));
    },
    unread(job) {
      unread.add(1, { "scorestream.model": job.spec.model.name });
    },
    ended(job, error) {
      const ended = error === undefined ? {} : { "error.type": error.code };
      duration.record((now() - job.submittedMs) / 1000, { ...kindOf(job), ...ended });
    },
    batch({ device, model, graph, rows, places }) {
      const on = { "scorestream.device": device };
      const of = { "scorestream.model": model, "scorestream.graph": graph };
      batchRows.record(rows.length, of);
      const evaluating = rows.some((row) => row.step?.evaluate !== undefined);
      return ({ stepMs, padding }) => {
        if (stepMs === undefined) {
          failures.add(1, { ...of, ...on });
          return;
        }
        step.record(stepMs / 1000, { ...of, ...on });
        busy.add(stepMs / 1000, on);
        if (!evaluating) return;
        evaluations.add(places, of);
        padded.add(padding, { ...of, ...on });
      };
    },
  };
}
