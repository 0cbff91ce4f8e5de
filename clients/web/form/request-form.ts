import type { Model } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { byId, element, freshId } from "../dom.ts";
import type { PictureTaker } from "../gallery/viewer.ts";
import { icon } from "../icon.ts";
import { TASKS } from "../tasks/registry.ts";
import type { JobRequest, Task, TaskForm } from "../tasks/task.ts";
import { FieldError, option } from "./field.ts";
import { clearFieldErrors, showFieldError } from "./field-errors.ts";
import { SamplingFields } from "./sampling-fields.ts";

/** Choice of model and task, the task's own fields, and the button that sends them. */
export class RequestForm {
  readonly #form = byId("request", "form");
  readonly #model = byId("model", "select");
  readonly #tasks = byId("tasks", "div");
  readonly #hint = byId("task-hint", "p");
  readonly #fields = byId("fields", "div");
  readonly #submit = byId("submit", "button");
  readonly #code = byId("show-code", "button");
  readonly #error = byId("request-error", "p");
  readonly #forms: ReadonlyMap<Task, TaskForm>;
  #models: readonly Model[] = [];
  #task: Task | undefined;

  /**
   * @param onSubmit a request that can be sent as far as this page can tell
   * @param onCode the same request, to be shown and not sent
   */
  constructor(
    onSubmit: (task: Task, request: JobRequest) => void,
    onCode: (request: JobRequest) => void,
  ) {
    const sampling = new SamplingFields();
    this.#forms = new Map(TASKS.map((task) => [task, task.createForm({ sampling })]));
    this.#model.addEventListener("change", () => this.#showTasks());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask((request, task) => onSubmit(task, request));
    });
    this.#code.addEventListener("click", () => this.#ask(onCode));
  }

  /** Offers these models, and keeps the one that was chosen. */
  setModels(models: readonly Model[]): void {
    const chosen = this.#model.value;
    this.#models = models;
    this.#model.replaceChildren(...models.map(({ name }) => option(name, name)));
    if (models.some(({ name }) => name === chosen)) this.#model.value = chosen;
    this.#submit.disabled = models.length === 0;
    this.#code.disabled = models.length === 0;
    this.#showTasks();
  }

  /** Shows an error beside its field, or else above the button. */
  fail(field: string | undefined, message: string): void {
    const isShown = showFieldError(this.#form, field, message);
    this.#error.hidden = isShown;
    this.#error.textContent = isShown ? "" : message;
  }

  /** The tasks that can take a picture with the model that is chosen. */
  takers(): readonly PictureTaker[] {
    return this.#offered().flatMap((task) => {
      const form = this.#forms.get(task);
      if (form?.take === undefined) return [];
      const take = (file: Blob): void => {
        this.#choose(task);
        form.take?.(file);
        this.#form.scrollIntoView({ block: "start" });
      };
      return [{ name: task.name, take }];
    });
  }

  get #chosenModel(): Model | undefined {
    return this.#models.find(({ name }) => name === this.#model.value);
  }

  #offered(): readonly Task[] {
    const model = this.#chosenModel;
    return model === undefined ? [] : TASKS.filter((task) => task.isOffered(model));
  }

  #showTasks(): void {
    const offered = this.#offered();
    const name = freshId("task");
    const task = offered.find((each) => each === this.#task) ?? offered[0];
    const choices = offered.map((each) => {
      const input = element("input", {
        type: "radio",
        name,
        value: each.id,
        checked: each === task,
      });
      input.addEventListener("change", () => this.#choose(each));
      return element(
        "label",
        { class: "task" },
        input,
        element("span", {}, icon(each.icon), each.name),
      );
    });
    this.#tasks.replaceChildren(...choices);
    if (task !== undefined) this.#choose(task);
  }

  #choose(task: Task): void {
    const [form, model] = [this.#forms.get(task), this.#chosenModel];
    if (form === undefined || model === undefined) return;
    this.#task = task;
    const input = this.#tasks.querySelector<HTMLInputElement>(`[value="${task.id}"]`);
    if (input !== null) input.checked = true;
    this.#clear();
    form.show(model);
    this.#hint.textContent = task.hint;
    this.#submit.textContent = form.action;
    this.#fields.replaceChildren(...form.elements);
  }

  /** Hands the request on as it is entered now, or shows what is wrong with it. */
  #ask(use: (request: JobRequest, task: Task) => void): void {
    this.#clear();
    const task = this.#task;
    const form = task && this.#forms.get(task);
    if (task === undefined || form === undefined) return;
    try {
      use(form.request(), task);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      this.fail(error.field, error.message);
    }
  }

  #clear(): void {
    clearFieldErrors(this.#form);
    this.#error.hidden = true;
  }
}
