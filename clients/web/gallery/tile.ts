import { button, element } from "../dom.ts";
import { describeMs, shortMs } from "../jobs/describe-time.ts";
import type { Frame, RowState } from "../jobs/job-state.ts";
import { decodeImage } from "./decode.ts";
import type { ImageControl } from "./image-control.ts";
import { type Paintable, repaint } from "./repaint.ts";

export interface TileOptions {
  /** Evaluations; 0: not known. */
  readonly expected: number;
  /** What it is called, with its number; left out: "Sample". */
  readonly noun?: string;
  /** It was pressed. */
  readonly open: (row: RowState) => void;
  /** Left out: it can't be ended by itself. */
  readonly control?: ImageControl;
}

/** One sample in a job's gallery: its picture as it emerges, how far it is, when it will be done. Pressed, it opens. */
export class Tile implements Paintable {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #row: RowState;
  readonly #expected: number;
  readonly #name: string;
  readonly #control: ImageControl | undefined;
  readonly #cancel: HTMLButtonElement;
  readonly #canvas = element("canvas", { width: 1, height: 1 });
  readonly #bar = element("span", { class: "tile-bar" });
  readonly #label = element("span", { class: "tile-label" });
  /** The frame that is to be seen, the one that is being decoded, and what was decoded and is not drawn yet. */
  #wanted: Frame | undefined;
  #decoding = false;
  #state = "";
  #decoded: ImageBitmap | undefined;
  /** 0 to 1 of the frames, where the job's timeline was moved; undefined: the newest. */
  #moment: number | undefined;

  constructor(row: RowState, { expected, noun = "Sample", open, control }: TileOptions) {
    this.#row = row;
    this.#name = `${noun} ${row.row + 1}`;
    this.#expected = expected;
    this.#control = control;
    this.#button = button("", { class: "tile-picture" }, () => open(row));
    this.#button.append(this.#canvas, this.#bar);
    const words = { class: "tile-cancel", "aria-label": `Cancel ${this.#name}`, title: "Cancel" };
    this.#cancel = button("×", words, () => {
      control?.cancel(row.row, this.#name);
      this.#button.focus(); // the one that was pressed goes
      repaint(this);
    });
    this.#cancel.hidden = true;
    this.element = element("div", { class: "tile" }, this.#button, this.#cancel, this.#label);
    this.paint();
  }

  /** The row has changed. */
  update(): void {
    this.#want();
    repaint(this);
  }

  /** Shows the frame at this part of the row's own timeline; undefined: the newest one. */
  show(moment: number | undefined): void {
    this.#moment = moment;
    this.update();
  }

  paint(): void {
    const { done, cancelled, fraction, evaluations, row } = this.#row;
    if (this.#decoded !== undefined) {
      drawBitmap(this.#canvas, this.#decoded);
      this.#decoded = undefined;
    }
    this.#bar.style.transform = `scaleX(${fraction})`;
    this.#say();
    const isCancelling = this.#control?.isCancelling(row) === true;
    const open = isCancelling ? "cancelling" : evaluations > 0 ? "running" : "waiting";
    const state = cancelled ? "cancelled" : done ? "done" : open;
    this.#cancel.hidden = cancelled || done || this.#control?.canCancel(row) !== true;
    if (state === this.#state) return;
    this.#state = state;
    this.element.dataset.state = state;
    this.#button.setAttribute("aria-label", `${this.#name}, ${state}`);
  }

  /** Evaluations and the time that is left: below the picture, and in full where the pointer rests. */
  #say(): void {
    const { done, cancelled, evaluations, row } = this.#row;
    const isOver = done || cancelled;
    const leftMs = isOver ? undefined : this.#control?.leftMs(row);
    const expected = isOver ? 0 : this.#expected;
    const figures = expected === 0 ? `${evaluations}` : `${evaluations}/${expected}`;
    const end = done ? " NFE" : cancelled ? " · cancelled" : "";
    this.#label.textContent = `${figures}${leftMs === undefined ? end : ` · ${shortMs(leftMs)}`}`;
    const of = expected === 0 ? "" : ` of ${expected}`;
    const left = leftMs === undefined ? "" : `, ${describeMs(leftMs)} left`;
    this.element.title = `${this.#name}: ${evaluations}${of} evaluations${left}`;
  }

  #want(): void {
    const { frames } = this.#row;
    const at = this.#moment === undefined ? 1 : this.#moment;
    const frame = frames[Math.round(at * (frames.length - 1))];
    if (frame === undefined || frame === this.#wanted) return;
    this.#wanted = frame;
    if (!this.#decoding) void this.#decode();
  }

  /** One picture at a time; those that were passed over in the meantime are never decoded. */
  async #decode(): Promise<void> {
    this.#decoding = true;
    for (let frame = this.#wanted; frame !== undefined; ) {
      try {
        const bitmap = await decodeImage(frame.image);
        this.#decoded?.close();
        this.#decoded = bitmap;
        repaint(this);
      } catch {
        // A picture that can't be read is passed over; the next one comes.
      }
      if (frame === this.#wanted) break;
      frame = this.#wanted;
    }
    this.#decoding = false;
  }
}

/** Draws and closes it. The canvas takes its size. */
export function drawBitmap(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
  if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
}
