import { button, element } from "../dom.ts";
import { controlOf } from "../gallery/image-control.ts";
import { describeMs } from "../jobs/describe-time.ts";
import type { JobRun } from "../jobs/job-run.ts";

/** A picture's line of the table until its likelihood is there: how far it is, when it will be done, and a way to end it. */
export class WaitingPicture {
  readonly element: HTMLElement;
  readonly #run: JobRun;
  readonly #image: number;
  readonly #bar: HTMLProgressElement;
  readonly #figures = element("span", {});
  readonly #cancel: HTMLButtonElement;

  /** @param heading the line's first cell */
  constructor(run: JobRun, image: number, name: string, heading: HTMLElement) {
    this.#run = run;
    this.#image = image;
    const label = `Progress: ${name}`;
    this.#bar = element("progress", { max: 1, value: 0, "aria-label": label });
    this.#cancel = button("×", { class: "quiet", "aria-label": `Cancel ${name}` }, () => {
      controlOf(run).cancel(image, name);
      this.paint();
    });
    this.element = element(
      "tr",
      {},
      heading,
      element("td", { class: "likelihood-scale" }, this.#bar),
      element("td", { class: "likelihood-figures" }, this.#figures, this.#cancel),
    );
    this.paint();
  }

  paint(): void {
    const { state } = this.#run;
    const control = controlOf(this.#run);
    const leftMs = control.leftMs(this.#image);
    const isCancelled = state.cancelledImages.has(this.#image);
    this.#bar.value = state.fractionOf(this.#image);
    this.#bar.hidden = isCancelled;
    this.#cancel.hidden = isCancelled || this.#run.ended;
    this.#cancel.disabled = !control.canCancel(this.#image);
    const evaluations = state.rowsOf(this.#image).reduce((sum, row) => sum + row.evaluations, 0);
    const left = leftMs === undefined ? "" : ` · ${describeMs(leftMs)} left`;
    this.#figures.textContent = `${evaluations} evaluations${isCancelled ? " · cancelled" : left}`;
  }
}
