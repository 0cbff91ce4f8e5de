import { button, element, freshId } from "../dom.ts";
import { type Picture, toImageData } from "../pictures/picture.ts";
import { UnreadablePicture, WrongSize } from "../pictures/read-picture.ts";
import { FieldError } from "./field.ts";
import { clearFieldErrors, showFieldError } from "./field-errors.ts";
import { acceptDrops, type PictureFieldOptions } from "./picture-field.ts";

/** A picture with the name of its file. */
export interface NamedPicture {
  readonly name: string;
  readonly picture: Picture;
}

interface NamedFile {
  readonly name: string;
  readonly file: Blob;
}

type Entry = NamedPicture & NamedFile;

/** Several pictures that are dropped here or chosen, each shown as the model will see it. */
export class PicturesField {
  readonly element: HTMLElement;
  readonly #options: PictureFieldOptions;
  readonly #list = element("ul", { class: "given-list", "aria-label": "Pictures that were given" });
  #entries: readonly Entry[] = [];
  /** Of a wrong size: they are read again when a way to fit them is chosen. */
  #misfits: readonly NamedFile[] = [];
  /** Files are read one after the other, in the order in which they came. */
  #reading: Promise<void> = Promise.resolve();

  constructor(options: PictureFieldOptions) {
    this.#options = options;
    const hint = element("p", { class: "hint", id: freshId("hint") }, options.hint);
    const input = element("input", {
      type: "file",
      accept: "image/*",
      multiple: true,
      class: "visually-hidden",
      id: freshId("file"),
      "aria-describedby": hint.id,
    });
    const words = element("span", {}, "Drop pictures, or choose some");
    const drop = element("label", { class: "drop", for: input.id }, words);
    this.element = element(
      "div",
      { class: "field", "data-paths": options.path },
      element("span", { class: "label" }, options.label),
      input,
      drop,
      hint,
      this.#list,
    );
    input.setAttribute("aria-label", `${options.label}: choose files`);
    input.addEventListener("change", () => {
      this.give(...(input.files ?? []));
      input.value = "";
    });
    acceptDrops(drop, (files) => this.give(...files));
    this.#show();
  }

  /** @throws FieldError where there are none */
  get pictures(): readonly NamedPicture[] {
    if (this.#entries.length > 0) return this.#entries;
    throw new FieldError(this.#options.path, "no pictures", "one or more, dropped here or chosen");
  }

  /** Adds files. What can't be read is told here, and changes nothing else. */
  give(...files: readonly Blob[]): void {
    const named = files.map((file) => ({
      name: file instanceof File ? file.name : "a sample",
      file,
    }));
    this.#reading = this.#reading.then(() => this.#read(named));
  }

  /** Reads every file again: another model has another size, or there is another way to fit them. */
  refresh(): void {
    this.#reading = this.#reading.then(() => {
      const all = [...this.#entries, ...this.#misfits];
      this.#entries = [];
      this.#misfits = [];
      return this.#read(all);
    });
  }

  async #read(files: readonly NamedFile[]): Promise<void> {
    const refused: string[] = [];
    for (const { name, file } of files) {
      try {
        const picture = await this.#options.read(file);
        this.#entries = [...this.#entries, { name, file, picture }];
      } catch (error) {
        if (!(error instanceof UnreadablePicture)) throw error;
        if (error instanceof WrongSize) this.#misfits = [...this.#misfits, { name, file }];
        refused.push(`${name}: ${error.message}`);
      }
    }
    this.#show();
    const form = this.element.parentElement ?? this.element;
    if (refused.length > 0) showFieldError(form, this.#options.path, refused.join("; "));
    else if (files.length > 0) clearFieldErrors(this.element);
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
    this.#show();
    this.element.querySelector("input")?.focus();
  }

  #show(): void {
    this.#list.hidden = this.#entries.length === 0;
    const items = this.#entries.map((entry) => {
      const { name, picture } = entry;
      const { width, height } = picture;
      const canvas = element("canvas", { width, height, role: "img", "aria-label": name });
      canvas.getContext("2d")?.putImageData(toImageData(picture), 0, 0);
      const remove = button("×", { class: "given-remove", "aria-label": `Remove ${name}` }, () =>
        this.#remove(entry),
      );
      return element("li", { class: "given", title: name }, canvas, remove);
    });
    this.#list.replaceChildren(...items);
  }
}
