import { element, freshId } from "../dom.ts";
import { type Picture, toImageData } from "../pictures/picture.ts";
import { UnreadablePicture, WrongSize } from "../pictures/read-picture.ts";
import { FieldError } from "./field.ts";
import { showFieldError } from "./field-errors.ts";

export interface PictureFieldOptions {
  readonly label: string;
  readonly hint: string;
  /** In the request, for errors. */
  readonly path: string;
  /** The picture that a file comes to, of the model's size. @throws UnreadablePicture */
  readonly read: (file: Blob) => Promise<Picture>;
  /** The picture has changed, or has gone. */
  readonly onChange?: (picture: Picture | undefined) => void;
}

/** A picture that is dropped here, pasted, or chosen from files, shown as the model will see it. */
export class PictureField {
  readonly element: HTMLElement;
  readonly #options: PictureFieldOptions;
  readonly #canvas = element("canvas", { hidden: true, role: "img" });
  readonly #words = element("span", { class: "drop-words" });
  #file: Blob | undefined;
  #picture: Picture | undefined;
  /** Counts files, so that the last one given is the one that stays. */
  #reading = 0;

  constructor(options: PictureFieldOptions) {
    this.#options = options;
    const hint = element(
      "p",
      { class: "hint", id: freshId("hint"), hidden: options.hint === "" },
      options.hint,
    );
    const input = element("input", {
      type: "file",
      accept: "image/*",
      class: "visually-hidden",
      id: freshId("file"),
      "aria-describedby": hint.id,
    });
    const drop = element("label", { class: "drop", for: input.id }, this.#canvas, this.#words);
    this.element = element(
      "div",
      { class: "field", "data-paths": options.path },
      element("span", { class: "label" }, options.label),
      input,
      drop,
      hint,
    );
    input.setAttribute("aria-label", `${options.label}: choose a file`);
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      input.value = "";
      if (file !== undefined) void this.give(file);
    });
    acceptDrops(drop, ([file]) => file !== undefined && void this.give(file));
    this.#show();
  }

  /** @throws FieldError where there is no picture */
  get picture(): Picture {
    if (this.#picture !== undefined) return this.#picture;
    throw new FieldError(this.#options.path, "no picture", "one, dropped here or chosen");
  }

  get isEmpty(): boolean {
    return this.#picture === undefined;
  }

  /** Takes a file, as if it were dropped here. What can't be read is told here. */
  async give(file: Blob): Promise<void> {
    this.#file = file;
    await this.refresh();
  }

  /** Reads the file again: another model has another size. */
  async refresh(): Promise<void> {
    if (this.#file === undefined) return;
    this.#reading++;
    const reading = this.#reading;
    try {
      const picture = await this.#options.read(this.#file);
      if (reading !== this.#reading) return;
      this.#picture = picture;
      this.element.querySelector(".field-error")?.remove();
    } catch (error) {
      if (!(error instanceof UnreadablePicture)) throw error;
      if (reading !== this.#reading) return;
      // One of a wrong size is kept: it may be read again with a way to fit it.
      if (!(error instanceof WrongSize)) this.#file = undefined;
      this.#picture = undefined;
      showFieldError(this.element.parentElement ?? this.element, this.#options.path, error.message);
    }
    this.#show();
    this.#options.onChange?.(this.#picture);
  }

  #show(): void {
    const picture = this.#picture;
    this.#canvas.hidden = picture === undefined;
    this.#words.textContent =
      picture === undefined ? "Drop a picture, or choose one" : "Choose another";
    if (picture === undefined) return;
    this.#canvas.width = picture.width;
    this.#canvas.height = picture.height;
    this.#canvas.setAttribute("aria-label", `${this.#options.label}, as the model sees it`);
    this.#canvas.getContext("2d")?.putImageData(toImageData(picture), 0, 0);
  }
}

/** Files dragged over an element are taken by it, and show that they would be. */
export function acceptDrops(target: HTMLElement, take: (files: readonly File[]) => void): void {
  const over = (isOver: boolean) => (event: DragEvent) => {
    event.preventDefault();
    target.classList.toggle("drop-over", isOver);
  };
  target.addEventListener("dragenter", over(true));
  target.addEventListener("dragover", over(true));
  target.addEventListener("dragleave", over(false));
  target.addEventListener("drop", (event) => {
    over(false)(event);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
