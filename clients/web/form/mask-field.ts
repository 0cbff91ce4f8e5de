import { button, element, freshId } from "../dom.ts";
import { MaskPainting, type Point, REGIONS } from "../pictures/mask-painting.ts";
import { type Picture, toImageData } from "../pictures/picture.ts";
import { FieldError } from "./field.ts";

/** How many pixels of the screen one of the picture has at least, in the canvas' own size. */
const SCREEN_PIXELS = 320;
const PATH = "condition.inpaint.mask";

/** A mask that is painted over a picture: with a pointer, or with the arrow keys and the space bar. */
export class MaskField {
  readonly element: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #size = element("input", { type: "range", min: "1", max: "12", value: "5" });
  readonly #brush = element("input", { type: "radio", name: freshId("tool"), checked: true });
  readonly #eraser: HTMLInputElement;
  readonly #undo = button("Undo", { class: "quiet" }, () => this.#change((mask) => mask.undo()));
  readonly #said = element("p", { class: "hint", role: "status" });
  #picture: Picture | undefined;
  #mask = new MaskPainting(1, 1);
  /** Where the keys are, in pixels of the picture; seen while the canvas has the focus. */
  #cursor: Point = { x: 0.5, y: 0.5 };
  /** Where the stroke was last; undefined while there is none. */
  #last: Point | undefined;

  constructor() {
    this.#eraser = element("input", { type: "radio", name: this.#brush.name });
    const help = element(
      "p",
      { class: "hint", id: freshId("hint") },
      "Paint what is to be filled. By keys: arrows move, space paints, E and B change the tool, Ctrl+Z takes back.",
    );
    this.#canvas = element("canvas", {
      class: "mask",
      tabIndex: 0,
      role: "application",
      "aria-label": "Mask: paint over the picture",
      "aria-describedby": help.id,
    });
    this.element = element(
      "div",
      { class: "field", "data-paths": PATH, hidden: true },
      element("span", { class: "label" }, "What is to be filled"),
      this.#canvas,
      this.#tools(),
      this.#said,
      help,
    );
    this.#listen();
  }

  /** Begins anew over another picture; a mask of the same size is kept. */
  show(picture: Picture | undefined): void {
    this.#picture = picture;
    this.element.hidden = picture === undefined;
    if (picture === undefined) return;
    if (picture.width !== this.#mask.width || picture.height !== this.#mask.height) {
      this.#mask = new MaskPainting(picture.width, picture.height);
      this.#cursor = { x: picture.width / 2, y: picture.height / 2 };
      this.#size.max = String(Math.max(2, Math.round(picture.width / 3)));
      this.#size.value = String(Math.max(1, Math.round(picture.width / 6)));
    }
    const scale = Math.max(1, Math.round(SCREEN_PIXELS / picture.width));
    this.#canvas.width = scale * picture.width;
    this.#canvas.height = scale * picture.height;
    this.#draw();
  }

  /** @throws FieldError where nothing, or everything, is to be filled */
  get mask(): Picture {
    if (this.#mask.filled === 0)
      throw new FieldError(PATH, "nothing painted", "a part to be filled");
    return this.#mask.toPicture();
  }

  #tools(): HTMLElement {
    const radius = element("label", { class: "tool" }, "Size", this.#size);
    const tool = (name: string, input: HTMLInputElement): HTMLElement =>
      element("label", { class: "tool" }, input, name);
    const region = (name: (typeof REGIONS)[number]): HTMLElement =>
      button(name, { class: "quiet" }, () => this.#change((mask) => mask.fill(name)));
    return element(
      "div",
      { class: "tools" },
      element(
        "div",
        { class: "tool-row", role: "group", "aria-label": "Tool" },
        tool("Brush", this.#brush),
        tool("Eraser", this.#eraser),
        radius,
      ),
      element(
        "div",
        { class: "tool-row", role: "group", "aria-label": "Change the mask" },
        this.#undo,
        button("Invert", { class: "quiet" }, () => this.#change((mask) => mask.invert())),
        button("Clear", { class: "quiet" }, () => this.#change((mask) => mask.clear())),
      ),
      element(
        "div",
        { class: "tool-row", role: "group", "aria-label": "Fill" },
        ...REGIONS.map(region),
      ),
    );
  }

  #listen(): void {
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.#mask.begin();
      this.#last = this.#at(event);
      this.#paint(this.#last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.#last === undefined) return;
      // A fast pointer moves several times between two frames.
      const moves = event.getCoalescedEvents();
      for (const move of moves.length === 0 ? [event] : moves) this.#paint(this.#at(move));
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(end, () => {
        if (this.#last === undefined) return;
        this.#last = undefined;
        this.#say();
      });
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["focus", "blur"] as const) {
      canvas.addEventListener(type, () => this.#draw());
    }
  }

  #key(event: KeyboardEvent): void {
    const step = event.shiftKey ? 4 : 1;
    const moves: Readonly<Record<string, Point>> = {
      ArrowLeft: { x: -step, y: 0 },
      ArrowRight: { x: step, y: 0 },
      ArrowUp: { x: 0, y: -step },
      ArrowDown: { x: 0, y: step },
    };
    const move = moves[event.key];
    if (move !== undefined) {
      const { width, height } = this.#mask;
      this.#cursor = {
        x: Math.min(width, Math.max(0, this.#cursor.x + move.x)),
        y: Math.min(height, Math.max(0, this.#cursor.y + move.y)),
      };
      this.#draw();
    } else if (event.key === " ") {
      this.#change((mask) => {
        mask.begin();
        mask.stroke(this.#cursor, this.#cursor, this.#radius, this.#value);
      });
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      this.#change((mask) => mask.undo());
    } else if (event.key === "b") this.#brush.checked = true;
    else if (event.key === "e") this.#eraser.checked = true;
    else return;
    event.preventDefault();
  }

  get #radius(): number {
    return Number(this.#size.value) / 2;
  }

  get #value(): 0 | 1 {
    return this.#eraser.checked ? 0 : 1;
  }

  /** Of a pointer, in pixels of the picture. */
  #at(event: PointerEvent): Point {
    const box = this.#canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * this.#mask.width,
      y: ((event.clientY - box.top) / box.height) * this.#mask.height,
    };
  }

  #paint(to: Point): void {
    this.#mask.stroke(this.#last ?? to, to, this.#radius, this.#value);
    this.#last = to;
    this.#draw();
  }

  #change(change: (mask: MaskPainting) => void): void {
    change(this.#mask);
    this.#draw();
    this.#say();
  }

  #say(): void {
    this.#said.textContent = `${Math.round(100 * this.#mask.filled)} % is to be filled`;
  }

  #draw(): void {
    const context = this.#canvas.getContext("2d");
    if (context === null || this.#picture === undefined) return;
    const { width, height, cells } = this.#mask;
    const scale = this.#canvas.width / width;
    const picture = new OffscreenCanvas(width, height);
    picture.getContext("2d")?.putImageData(toImageData(this.#picture), 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, 0, 0, this.#canvas.width, this.#canvas.height);
    for (let i = 0; i < cells.length; i++) {
      if (cells[i] === 1) hatch(context, (i % width) * scale, Math.floor(i / width) * scale, scale);
    }
    this.#undo.disabled = !this.#mask.canUndo;
    if (document.activeElement === this.#canvas) {
      context.strokeStyle = "#fff";
      context.lineWidth = 2;
      context.beginPath();
      const radius = Math.max(0.5, this.#radius) * scale;
      context.arc(this.#cursor.x * scale, this.#cursor.y * scale, radius, 0, 2 * Math.PI);
      context.stroke();
    }
    context.globalAlpha = 1;
  }
}

/** A pixel that is to be filled: a checkerboard, which no picture looks like. */
function hatch(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  const half = size / 2;
  context.fillStyle = "#8b8f98";
  context.fillRect(x, y, size, size);
  context.fillStyle = "#b9bcc4";
  context.fillRect(x, y, half, half);
  context.fillRect(x + half, y + half, half, half);
}
