import { button, element } from "../dom.ts";
import type { Frame, RowState } from "../jobs/job-state.ts";
import { decodeImage } from "./decode.ts";
import { type Paintable, repaint } from "./repaint.ts";

/** One sample in a job's gallery: its picture as it emerges, and how far it is. Pressed, it opens. */
export class Tile implements Paintable {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #row: RowState;
  readonly #expected: number;
  readonly #noun: string;
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

  /**
   * @param expected evaluations; 0: not known
   * @param open shows the sample by itself
   * @param noun what it is called, with its number
   */
  constructor(
    row: RowState,
    expected: number,
    open: (row: RowState) => void,
    noun: string = "Sample",
  ) {
    this.#row = row;
    this.#noun = noun;
    this.#expected = expected;
    this.#button = button("", { class: "tile-picture" }, () => open(row));
    this.#button.append(this.#canvas, this.#bar);
    this.element = element("div", { class: "tile" }, this.#button, this.#label);
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
    const { row, done, fraction, evaluations } = this.#row;
    if (this.#decoded !== undefined) {
      drawBitmap(this.#canvas, this.#decoded);
      this.#decoded = undefined;
    }
    const state = done ? "done" : evaluations > 0 ? "running" : "waiting";
    this.#bar.style.transform = `scaleX(${fraction})`;
    const of = this.#expected === 0 ? "" : ` of ${this.#expected}`;
    this.#label.textContent = done ? `${evaluations} NFE` : `${evaluations}${of}`;
    if (state === this.#state) return;
    this.#state = state;
    this.element.dataset.state = state;
    this.#button.setAttribute("aria-label", `${this.#noun} ${row + 1}, ${state}`);
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
