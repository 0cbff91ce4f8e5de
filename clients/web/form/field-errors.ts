import { element, freshId } from "../dom.ts";

/**
 * Shows an error beside the field that it names, and moves the focus there: the field whose path is the error's, or else
 * the one with the longest path that the error's lies in.
 *
 * @param field path in the request; undefined where the error names none
 * @returns false where no field that can be seen stands for the path
 */
export function showFieldError(
  form: HTMLElement,
  field: string | undefined,
  message: string,
): boolean {
  clearFieldErrors(form);
  const found = field === undefined ? undefined : fieldFor(form, field);
  if (found === undefined) return false;
  const control = found.querySelector<HTMLElement>("input, select, button, [tabindex]");
  // Where it is shown says which field it is about.
  const words = message.startsWith(`${field}: `) ? message.slice(`${field}: `.length) : message;
  const error = element("p", { class: "field-error", id: freshId("error") }, words);
  found.append(error);
  found.classList.add("field-wrong");
  for (let each = found.parentElement; each !== null && each !== form; each = each.parentElement) {
    if (each instanceof HTMLDetailsElement) each.open = true;
  }
  if (control === null) return true;
  const before = control.getAttribute("aria-describedby");
  control.dataset.describedBefore = before ?? "";
  control.setAttribute("aria-describedby", before === null ? error.id : `${error.id} ${before}`);
  control.setAttribute("aria-invalid", "true");
  control.focus();
  error.scrollIntoView({ block: "nearest" });
  return true;
}

export function clearFieldErrors(form: HTMLElement): void {
  for (const error of form.querySelectorAll(".field-error")) error.remove();
  for (const wrong of form.querySelectorAll(".field-wrong")) wrong.classList.remove("field-wrong");
  for (const control of form.querySelectorAll<HTMLElement>("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    const before = control.dataset.describedBefore ?? "";
    if (before === "") control.removeAttribute("aria-describedby");
    else control.setAttribute("aria-describedby", before);
  }
}

function fieldFor(form: HTMLElement, path: string): HTMLElement | undefined {
  let best: HTMLElement | undefined;
  let longest = -1;
  for (const candidate of form.querySelectorAll<HTMLElement>("[data-paths]")) {
    if (candidate.closest("[hidden]") !== null) continue;
    for (const its of (candidate.dataset.paths ?? "").split(" ")) {
      const inside = path === its || path.startsWith(`${its}.`) || path.startsWith(`${its}[`);
      if (!inside || its.length <= longest) continue;
      best = candidate;
      longest = its.length;
    }
  }
  return best;
}
