import { button, byId, element } from "../dom.ts";
import { describeMs } from "../jobs/describe-time.ts";
import type { JobRun } from "../jobs/job-run.ts";
import type { Frame, RowState } from "../jobs/job-state.ts";
import { decodeImage } from "./decode.ts";
import { animationOf, pngOf, save } from "./download.ts";
import { controlOf } from "./image-control.ts";
import { drawBitmap } from "./tile.ts";

/** How long a frame is shown while it plays, in ms. */
const FRAME_MS = 80;

/** A task that can take a picture as its input. */
export interface PictureTaker {
  readonly name: string;
  take(file: Blob): void;
}

/** One sample by itself, in a dialog: its timeline, its downloads, and what else it can be used for. */
export class Viewer {
  readonly #dialog = byId("viewer", "dialog");
  readonly #title = element("h2", { id: "viewer-title" });
  readonly #canvas = element("canvas", { role: "img" });
  readonly #timeline = element("input", { type: "range", min: "0", "aria-label": "Timeline" });
  readonly #figures = element("p", { class: "viewer-figures" });
  readonly #play = button("Play", {}, () => this.#togglePlay());
  readonly #cancel = button("Cancel this one", { class: "quiet" }, () => this.#cancelImage());
  readonly #uses = element("div", { class: "viewer-actions" });
  readonly #takers: () => readonly PictureTaker[];
  #run: JobRun | undefined;
  #row: RowState | undefined;
  #shown: Frame | undefined;
  #playing: ReturnType<typeof setInterval> | undefined;

  /** @param takers the tasks that can take a picture now */
  constructor(takers: () => readonly PictureTaker[]) {
    this.#takers = takers;
    const step = (label: string, by: number): HTMLElement =>
      button(label, { class: "quiet" }, () => this.#step(by));
    this.#dialog.setAttribute("aria-labelledby", this.#title.id);
    this.#dialog.append(
      element(
        "header",
        { class: "viewer-head" },
        this.#title,
        step("Previous", -1),
        step("Next", 1),
        button("Close", { class: "quiet" }, () => this.#dialog.close()),
      ),
      element("div", { class: "viewer-picture" }, this.#canvas),
      this.#timeline,
      this.#figures,
      element(
        "div",
        { class: "viewer-actions" },
        this.#play,
        button("Download PNG", {}, () => void this.#download("png")),
        button("Download animation", {}, () => void this.#download("webp")),
        this.#cancel,
      ),
      this.#uses,
    );
    this.#timeline.addEventListener("input", () => {
      this.#stop();
      this.#show();
    });
    this.#dialog.addEventListener("close", () => this.#stop());
    // A click on what lies around the dialog closes it.
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog) this.#dialog.close();
    });
  }

  open(run: JobRun, row: RowState): void {
    this.#run = run;
    this.#row = row;
    this.#stop();
    this.#title.textContent = `${run.words.title}: ${row.row + 1} of ${run.state.rows.length}`;
    const uses = this.#takers().map(({ name, take }) =>
      button(name, { class: "quiet" }, () => void this.#use(take)),
    );
    this.#uses.replaceChildren(...(uses.length === 0 ? [] : ["Use as input:", ...uses]));
    this.#timeline.max = String(Math.max(0, row.frames.length - 1));
    this.#timeline.value = this.#timeline.max;
    this.#show();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** A row has a new frame; one that is looked at to its newest follows it. */
  update(row: RowState): void {
    if (row !== this.#row || !this.#dialog.open) return;
    const isAtEnd = this.#timeline.value === this.#timeline.max;
    this.#timeline.max = String(Math.max(0, row.frames.length - 1));
    if (isAtEnd) this.#timeline.value = this.#timeline.max;
    this.#show();
  }

  get #frame(): Frame | undefined {
    return this.#row?.frames[Number(this.#timeline.value)];
  }

  #cancelImage(): void {
    const [run, row] = [this.#run, this.#row];
    if (run === undefined || row === undefined) return;
    controlOf(run).cancel(row.row, `Sample ${row.row + 1}`);
    this.#play.focus(); // the one that was pressed goes
    this.#show();
  }

  /** What is still to come of the row. */
  #rest(run: JobRun, { row, done, cancelled }: RowState): string {
    if (done) return "";
    if (cancelled) return "; cancelled";
    const { expectedEvaluations: expected } = run.state;
    const leftMs = run.leftMsOf(row);
    const of = expected === 0 ? "" : ` of ${expected}`;
    return `${of}${leftMs === undefined ? "" : `, ${describeMs(leftMs)} left`}`;
  }

  #show(): void {
    const [frame, row, run] = [this.#frame, this.#row, this.#run];
    const isOpen = row !== undefined && !row.done && !row.cancelled;
    this.#cancel.hidden = !(isOpen && run !== undefined && controlOf(run).canCancel(row.row));
    if (frame === undefined || row === undefined || run === undefined) {
      this.#figures.textContent = "No picture yet";
      return;
    }
    const isNewest = frame === row.frames.at(-1);
    const isResult = row.done && isNewest;
    const what = isResult ? "The sample" : `Estimate at t = ${frame.time.toFixed(3)}`;
    const rest = isNewest ? this.#rest(run, row) : "";
    this.#figures.textContent = `${what}, after ${frame.evaluations} evaluations${rest}`;
    this.#timeline.setAttribute("aria-valuetext", this.#figures.textContent);
    this.#canvas.setAttribute("aria-label", this.#figures.textContent);
    if (frame !== this.#shown) void this.#draw(frame);
  }

  async #draw(frame: Frame): Promise<void> {
    this.#shown = frame;
    const bitmap = await decodeImage(frame.image);
    if (this.#shown === frame) drawBitmap(this.#canvas, bitmap);
    else bitmap.close();
  }

  #step(by: number): void {
    const [run, row] = [this.#run, this.#row];
    if (run === undefined || row === undefined) return;
    const { rows } = run.state;
    const next = rows[(row.row + by + rows.length) % rows.length];
    if (next !== undefined) this.open(run, next);
  }

  #togglePlay(): void {
    if (this.#playing !== undefined) {
      this.#stop();
      return;
    }
    this.#play.textContent = "Pause";
    if (this.#timeline.value === this.#timeline.max) this.#timeline.value = "0";
    this.#playing = setInterval(() => {
      this.#timeline.stepUp();
      this.#show();
      if (this.#timeline.value === this.#timeline.max) this.#stop();
    }, FRAME_MS);
  }

  #stop(): void {
    clearInterval(this.#playing);
    this.#playing = undefined;
    this.#play.textContent = "Play";
  }

  async #download(kind: "png" | "webp"): Promise<void> {
    const [frame, row] = [this.#frame, this.#row];
    if (frame === undefined || row === undefined) return;
    const name = `sample-${row.row + 1}.${kind}`;
    save(kind === "png" ? await pngOf(frame) : animationOf(row.frames), name);
  }

  async #use(take: (file: Blob) => void): Promise<void> {
    const frame = this.#frame;
    if (frame === undefined) return;
    const file = await pngOf(frame);
    this.#dialog.close();
    take(file);
  }
}
