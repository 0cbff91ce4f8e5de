import type { Model } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { ClassOptions } from "../../typescript/core/conditions.ts";
import { element, freshId } from "../dom.ts";
import { Field, numberInput, readPositive } from "./field.ts";

/** A class out of the model's, or any, and how strongly it is asked for. */
export class ClassFields {
  readonly element: HTMLElement;
  readonly #path: string;
  readonly #choices = element("div", { class: "choices" });
  readonly #scale: Field;
  readonly #name = freshId("class");
  #classes: readonly string[] = [];

  /** @param path of the `ClassCondition` in the request */
  constructor(path: string) {
    this.#path = path;
    this.#scale = new Field(numberInput("1"), {
      label: "Guidance scale",
      paths: [`${path}.guidance_scale`],
      hint: "Above 1: more typical of the class, less diverse.",
    });
    this.element = element(
      "fieldset",
      { class: "group", "data-paths": `${path}.label` },
      element("legend", {}, "Class"),
      this.#choices,
      this.#scale.element,
    );
    this.element.addEventListener("change", () => this.#showScale());
  }

  show({ classes, tasks }: Model): void {
    this.element.hidden = !tasks.includes("class-conditional");
    if (classes.join() === this.#classes.join()) return;
    this.#classes = classes;
    const chips = ["", ...classes].map((name, i) =>
      element(
        "label",
        { class: "chip" },
        element("input", { type: "radio", name: this.#name, value: name, checked: i === 0 }),
        element("span", {}, name === "" ? "any" : name),
      ),
    );
    this.#choices.replaceChildren(...chips);
    this.#showScale();
  }

  /** @returns undefined where any class will do. @throws FieldError */
  read(): ClassOptions | undefined {
    if (this.element.hidden) return undefined;
    const label = this.#label;
    if (label === "") return undefined;
    const guidanceScale = readPositive(this.#scale.control, `${this.#path}.guidance_scale`);
    return guidanceScale === 0 ? { label } : { label, guidanceScale };
  }

  get #label(): string {
    const checked = this.#choices.querySelector<HTMLInputElement>("input:checked");
    return checked?.value ?? "";
  }

  #showScale(): void {
    this.#scale.element.hidden = this.#label === "";
  }
}
