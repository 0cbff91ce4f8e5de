import type { Fit } from "../pictures/read-picture.ts";
import { Field, select } from "./field.ts";

const LABELS: Readonly<Record<Fit, string>> = {
  "": "is refused",
  cover: "is scaled, its middle cut out",
  contain: "is scaled, on black",
  fill: "is stretched",
};

/** What is done with a picture of another size than the model's. */
export class FitField {
  readonly element: HTMLElement;
  readonly #choice: HTMLSelectElement;

  /** @param onChange pictures are to be read again */
  constructor(own: Fit, onChange: () => void) {
    const names = Object.keys(LABELS) as Fit[];
    this.#choice = select(names, own, (name) => LABELS[name as Fit]);
    const words = { label: "A picture of another size", paths: ["images.resize"] };
    this.element = new Field(this.#choice, words).element;
    this.#choice.addEventListener("change", onChange);
  }

  get fit(): Fit {
    return this.#choice.value as Fit;
  }
}
