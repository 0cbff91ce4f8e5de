import { element, freshId } from "../dom.ts";

export interface SliderOptions {
  readonly label: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly value: number;
  /** Of a value, shown beside it and read aloud. */
  readonly describe: (value: number) => string;
  /** It moves: with the pointer many times, with keys once a press. */
  readonly onMove: () => void;
  /** It was let go. */
  readonly onRest: () => void;
}

/** A labelled range input with its value in words. */
export class Slider {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #words = element("output", { class: "slider-value" });
  readonly #describe: (value: number) => string;

  constructor({ label, least, most, step, value, describe, onMove, onRest }: SliderOptions) {
    this.#describe = describe;
    this.#input = element("input", {
      type: "range",
      min: String(least),
      max: String(most),
      step: String(step),
      value: String(value),
      id: freshId("slider"),
    });
    this.element = element(
      "div",
      { class: "slider" },
      element("label", { for: this.#input.id }, label),
      this.#words,
      this.#input,
    );
    this.#input.addEventListener("input", () => {
      this.#show();
      onMove();
    });
    this.#input.addEventListener("change", onRest);
    this.#show();
  }

  get value(): number {
    return this.#input.valueAsNumber;
  }

  set value(value: number) {
    this.#input.value = String(value);
    this.#show();
  }

  set disabled(disabled: boolean) {
    this.#input.disabled = disabled;
  }

  #show(): void {
    const words = this.#describe(this.value);
    this.#words.textContent = words;
    this.#input.setAttribute("aria-valuetext", words);
  }
}
