import type { WriteStream } from "node:tty";
import ansiEscapes from "ansi-escapes";
import { createLogUpdate } from "log-update";
import { draw, linesOf } from "./draw.ts";
import type { Graphics } from "./graphics.ts";
import type { Raster } from "./grid.ts";

/** At most so often, in ms: more than this nobody sees, and a terminal far away must keep up. */
const FRAME_MS = 100;

/**
 * The part of a terminal that a running job is shown in: its pictures, and one line of text below. `log-update` redraws the
 * line alone, so that the pictures stay as they are until they change.
 */
export class Screen {
  readonly #output: WriteStream;
  readonly #graphics: Graphics;
  readonly #writeLine: ReturnType<typeof createLogUpdate>;
  #line: () => string = () => "";
  #picture: Raster | undefined;
  /** Lines that are kept free for the pictures; 0 before the first. */
  #lines = 0;
  #isPictureNew = false;
  #timer: NodeJS.Timeout | undefined;
  /** The frame that is being drawn. One that takes longer than its time delays the next. */
  #frame: Promise<void> | undefined;

  constructor(output: WriteStream, graphics: Graphics) {
    this.#output = output;
    this.#graphics = graphics;
    this.#writeLine = createLogUpdate(output);
  }

  /** @param line is asked for at each frame: it tells of time */
  start(line: () => string): void {
    this.#line = line;
    this.#timer = setInterval(() => {
      this.#frame ??= this.#draw().finally(() => {
        this.#frame = undefined;
      });
    }, FRAME_MS);
    this.#timer.unref();
  }

  /** The pictures at the next frame. They are read then: the caller may go on changing them. */
  show(picture: Raster): void {
    this.#picture = picture;
    this.#isPictureNew = true;
  }

  /** Draws the last frame. The pictures stay, the line goes, and the cursor is below. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#frame;
    await this.#draw();
    this.#writeLine.clear();
    this.#writeLine.done();
  }

  async #draw(): Promise<void> {
    const picture = this.#isPictureNew ? this.#picture : undefined;
    this.#isPictureNew = false;
    if (picture !== undefined) {
      const drawing = await draw(picture, this.#graphics);
      this.#writeLine.clear();
      if (this.#lines === 0) {
        this.#lines = linesOf(picture, this.#graphics);
        this.#output.write("\n".repeat(this.#lines));
      }
      const [up, down] = [ansiEscapes.cursorUp(this.#lines), ansiEscapes.cursorDown(this.#lines)];
      this.#output.write(`${up}\r${drawing}${down}\r`);
    }
    this.#writeLine(this.#line());
  }
}
