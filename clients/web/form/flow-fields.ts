import type {
  DeepPartial,
  ProbabilityFlow,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { Field, numberInput, readPositive } from "./field.ts";

/** How exactly the probability flow is solved, both ways between pictures and latents. */
export class FlowFields {
  readonly element: HTMLElement;
  readonly #tolerance: HTMLInputElement;

  /** @param own what is entered at first; "": what the server takes */
  constructor(own: string, hint: string) {
    this.#tolerance = numberInput("1e-5", own);
    const paths = ["solver", "time_eps"];
    this.element = new Field(this.#tolerance, { label: "Tolerance", paths, hint }).element;
  }

  /** What was entered, in a few words. */
  get summary(): string {
    return `tolerance ${this.#tolerance.value.trim() || this.#tolerance.placeholder}`;
  }

  /** @returns empty where nothing was entered. @throws FieldError */
  read(): DeepPartial<ProbabilityFlow> {
    const tolerance = readPositive(this.#tolerance, "solver.relative_tolerance");
    if (tolerance === 0) return {};
    return { solver: "rk45", relativeTolerance: tolerance, absoluteTolerance: tolerance };
  }
}
