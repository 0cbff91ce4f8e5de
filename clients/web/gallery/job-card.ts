import type { Completed, Queued } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { button, element } from "../dom.ts";
import { describeMs } from "../jobs/describe-time.ts";
import type { JobRun } from "../jobs/job-run.ts";
import type { RowState } from "../jobs/job-state.ts";
import type { JobView } from "../tasks/task.ts";
import { type Paintable, repaint } from "./repaint.ts";

/** A job: its head, with what it costs and how long it takes, and below what comes of it. */
export class JobCard implements Paintable {
  readonly element: HTMLElement;
  readonly #run: JobRun;
  readonly #view: JobView;
  readonly #progress = element("progress", { max: 1, value: 0, "aria-label": "Progress" });
  readonly #status = element("p", { class: "job-status" });
  readonly #error = element("p", { class: "job-error", role: "alert", hidden: true });
  readonly #cancel: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;

  constructor(run: JobRun, view: JobView) {
    this.#run = run;
    this.#view = view;
    const { title, details } = run.words;
    this.#cancel = button("Cancel", { class: "quiet", "aria-label": `Cancel: ${title}` }, () => {
      void run.cancel().then(() => repaint(this));
      repaint(this);
    });
    this.#remove = button("Remove", { class: "quiet", "aria-label": `Remove: ${title}` }, () => {
      run.forget();
      view.close?.();
      this.element.remove();
    });
    this.element = element(
      "article",
      { class: "job", "aria-label": title },
      element(
        "header",
        { class: "job-head" },
        element("h2", {}, title),
        element("p", { class: "job-details" }, details),
        this.#cancel,
        this.#remove,
      ),
      this.#progress,
      this.#status,
      this.#error,
      view.element,
    );
    this.paint();
  }

  update(row: RowState | undefined): void {
    this.#view.update(row);
    repaint(this);
  }

  paint(): void {
    const { state, failure, ended, cancelling } = this.#run;
    this.element.dataset.state = failure !== undefined ? "failed" : ended ? "done" : "running";
    this.#progress.value = state.fraction;
    this.#progress.hidden = ended;
    this.#status.textContent = this.#describe();
    this.#cancel.hidden = ended;
    this.#cancel.disabled = cancelling;
    this.#remove.hidden = !ended;
    this.#error.hidden = failure === undefined || failure.code === "cancelled";
    if (failure !== undefined) this.#error.textContent = failure.message;
  }

  #describe(): string {
    const { state, failure, leftMs, cancelling } = this.#run;
    const evaluations = `${state.evaluations} evaluations`;
    const rows = state.rows.length;
    const pictures = state.likelihoods.size;
    // Rows are solves there, several a picture.
    const done = `${pictures > 0 ? `${pictures} pictures done` : `${state.doneRows} of ${rows} done`}${without(state.cancelledImages.size)}`;
    if (failure !== undefined) {
      return failure.code === "cancelled" ? `Cancelled · ${done} · ${evaluations}` : "Failed";
    }
    if (state.completed !== undefined) return describeCompleted(state.completed);
    if (state.queued !== undefined && !cancelling) return describeQueued(state.queued);
    if (state.id === "") return cancelling ? "Cancelling" : "Waiting for the server";
    return [
      done,
      evaluations,
      ...(cancelling ? ["cancelling"] : leftMs === undefined ? [] : [`${describeMs(leftMs)} left`]),
    ].join(" · ");
  }
}

function without(cancelled: number): string {
  return cancelled === 0 ? "" : `, ${cancelled} cancelled`;
}

function describeQueued({ rowsAhead, expectedWait }: Queued): string {
  const wait = expectedWait === undefined ? [] : [`begins in ${describeMs(toMs(expectedWait))}`];
  return [`Waiting behind ${rowsAhead} rows`, ...wait].join(" · ");
}

function toMs({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number {
  return 1000 * Number(seconds) + nanos / 1e6;
}

function describeCompleted(completed: Completed): string {
  const { running, evaluations, meanBatchRows, adjusted, cancelledRows } = completed;
  const seconds = running === undefined ? 0 : toMs(running) / 1000;
  return [
    `Done in ${seconds.toFixed(1)} s${without(cancelledRows.length)}`,
    ...(adjusted === "" ? [] : [adjusted]),
    `${evaluations} evaluations`,
    `${meanBatchRows.toFixed(1)} rows shared each, on average`,
  ].join(" · ");
}
