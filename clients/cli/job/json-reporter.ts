import {
  ClassCondition,
  LikelihoodSettings,
  Sampler,
} from "../../../proto/gen/scorestream/v1/scorestream.ts";
import type {
  Accepted,
  Completed,
  Queued,
  RowCancelled,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { secondsOf } from "./duration.ts";
import type { Reporter, Result } from "./reporter.ts";
import type { Tally } from "./tally.ts";

/** Between two events of progress, in ms: what came in between is in the later one. */
const PROGRESS_MS = 250;

/** One JSON object a line on stdout: docs/cli.md has the events and their fields. */
export class JsonReporter implements Reporter {
  #job = "";
  #progressAt = Number.NEGATIVE_INFINITY;

  accepted(job: string, accepted: Accepted): void {
    this.#job = job;
    writeJson({
      event: "accepted",
      job,
      rows: accepted.rows,
      expectedEvaluations: Number(accepted.expectedEvaluations),
      expectedWaitS: secondsOf(accepted.expectedWait),
      expectedDurationS: secondsOf(accepted.expectedDuration),
    });
  }

  queued({ rowsAhead, expectedWait, expectedDuration }: Queued): void {
    writeJson({
      event: "queued",
      job: this.#job,
      rowsAhead: Number(rowsAhead),
      expectedWaitS: secondsOf(expectedWait),
      expectedDurationS: secondsOf(expectedDuration),
    });
  }

  progressed(tally: Tally): void {
    const now = performance.now();
    if (now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    const { done, results, evaluations, fraction } = tally;
    writeJson({ event: "progress", job: this.#job, done, results, evaluations, fraction });
  }

  async pictured(): Promise<void> {}

  finished({ row, file, input, likelihood, evaluations }: Result): void {
    writeJson({
      event: "result",
      job: this.#job,
      row,
      input,
      file,
      ...(likelihood && {
        bitsPerDim: likelihood.bitsPerDim,
        standardErrorBitsPerDim: likelihood.standardErrorBitsPerDim,
        logLikelihoodNats: likelihood.logLikelihoodNats,
        priorLogLikelihoodNats: likelihood.priorLogLikelihoodNats,
        divergenceIntegralNats: likelihood.divergenceIntegralNats,
      }),
      evaluations: Number(evaluations),
    });
  }

  cancelled({ row, evaluations }: RowCancelled, input: string | undefined): void {
    const job = this.#job;
    writeJson({ event: "cancelled", job, row, input, evaluations: Number(evaluations) });
  }

  completed({ sampler, likelihood, classLabel, ...completed }: Completed): void {
    writeJson({
      event: "completed",
      job: this.#job,
      seed: String(completed.seed),
      evaluations: Number(completed.evaluations),
      queuedS: secondsOf(completed.queued),
      runningS: secondsOf(completed.running),
      meanBatchRows: completed.meanBatchRows,
      modelSha256: completed.modelSha256,
      adjusted: completed.adjusted || undefined,
      cancelledRows: completed.cancelledRows.length > 0 ? completed.cancelledRows : undefined,
      sampler: sampler && Sampler.toJSON(sampler),
      likelihood: likelihood && LikelihoodSettings.toJSON(likelihood),
      classLabel: classLabel && ClassCondition.toJSON(classLabel),
    });
  }

  async close(): Promise<void> {}
}

/** A line of stdout; what is undefined is left out. */
export function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
