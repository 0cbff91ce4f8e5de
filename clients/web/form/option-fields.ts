import {
  type DeepPartial,
  type JobOptions,
  JobOptions_Priority,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { element } from "../dom.ts";
import { Field, numberInput, readPositive, select } from "./field.ts";

/** Priority, deadline and strictness, which every job can be asked for with. */
export class OptionFields {
  readonly element: HTMLDetailsElement;
  readonly #priority = select(["interactive", "batch"], "interactive");
  readonly #deadline = numberInput("none");
  readonly #fit = element("input", { type: "checkbox" });
  readonly #strict = element("input", { type: "checkbox" });

  constructor() {
    const priority = { label: "Priority", paths: ["options.priority"] };
    const deadline = { label: "Deadline, in s", paths: ["options.deadline"] };
    const fit = {
      label: "Fit to the deadline",
      paths: ["options.fit_to_deadline"],
      hint: "Fewer steps, or a quicker sampler, rather than be refused.",
    };
    const strict = {
      label: "Strict",
      paths: ["options.strict"],
      hint: "The same bits whatever else the server does. Each row is evaluated alone.",
    };
    this.element = element(
      "details",
      { class: "group" },
      element("summary", {}, "When it runs"),
      element(
        "div",
        { class: "columns" },
        new Field(this.#priority, priority).element,
        new Field(this.#deadline, deadline).element,
      ),
      new Field(this.#fit, fit).element,
      new Field(this.#strict, strict).element,
    );
  }

  /** @throws FieldError */
  read(): DeepPartial<JobOptions> {
    const seconds = readPositive(this.#deadline, "options.deadline");
    const { PRIORITY_BATCH, PRIORITY_INTERACTIVE } = JobOptions_Priority;
    return {
      priority: this.#priority.value === "batch" ? PRIORITY_BATCH : PRIORITY_INTERACTIVE,
      fitToDeadline: this.#fit.checked,
      strict: this.#strict.checked,
      ...(seconds === 0 ? {} : { deadline: toDuration(seconds) }),
    };
  }
}

function toDuration(seconds: number): { seconds: bigint; nanos: number } {
  const whole = Math.floor(seconds);
  return { seconds: BigInt(whole), nanos: Math.round((seconds - whole) * 1e9) % 1_000_000_000 };
}
