import { element, freshId } from "../dom.ts";

/** What a user entered can't be sent; the message says what would be right, as the server's messages do. */
export class FieldError extends Error {
  override readonly name = "FieldError";
  /** Path in the request, as the server names it. */
  readonly field: string;

  constructor(field: string, seen: unknown, expected: string) {
    super(`${field}: seen ${JSON.stringify(seen)}, expected ${expected}`);
    this.field = field;
  }
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLButtonElement;

export interface FieldWords {
  readonly label: string;
  /** Paths in the request that this field stands for, where an error is shown that names one of them or what is in it. */
  readonly paths: readonly string[];
  readonly hint?: string;
}

/** A labelled control with room for a hint and for an error. */
export class Field<C extends Control = HTMLInputElement> {
  readonly element: HTMLDivElement;
  readonly control: C;

  constructor(control: C, { label, paths, hint }: FieldWords) {
    control.id ||= freshId("field");
    this.control = control;
    const hinted = hint === undefined ? undefined : element("p", { class: "hint" }, hint);
    const inline = control instanceof HTMLInputElement && control.type === "checkbox";
    this.element = element(
      "div",
      { class: inline ? "field field-inline" : "field", "data-paths": paths.join(" ") },
      element("label", { for: control.id }, label),
      control,
      hinted,
    );
    if (hinted !== undefined) {
      hinted.id = freshId("hint");
      control.setAttribute("aria-describedby", hinted.id);
    }
  }
}

/** A number that may be left out; what stands in its place says what is taken then. */
export function numberInput(placeholder: string, value = ""): HTMLInputElement {
  return element("input", {
    type: "text",
    inputMode: "decimal",
    autocomplete: "off",
    placeholder,
    value,
  });
}

/** A whole number >= 1, or 0 where the input is empty. @throws FieldError */
export function readWhole({ value }: HTMLInputElement, path: string): number {
  const text = value.trim();
  if (text === "") return 0;
  if (/^\d{1,9}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new FieldError(path, text, "a whole number from 1");
}

/** A number > 0, or 0 where the input is empty. @throws FieldError */
export function readPositive({ value }: HTMLInputElement, path: string): number {
  const text = value.trim();
  if (text === "") return 0;
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new FieldError(path, text, "a number above 0");
}

/** A choice out of names. */
export function select(
  names: readonly string[],
  chosen: string,
  label: (name: string) => string = (name) => name,
): HTMLSelectElement {
  const made = element("select", {}, ...names.map((name) => option(name, label(name))));
  made.value = chosen;
  return made;
}

export function option(value: string, label: string): HTMLOptionElement {
  return element("option", { value }, label);
}
