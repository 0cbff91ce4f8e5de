import type { Program, Scalars, SolverFailure, Step, Steps } from "../../sde/index.ts";
import { type GraphName, placesOf } from "../../worker/protocol.ts";
import type { Job } from "./job.ts";
import type { JobSpec, RowSpec } from "./job-spec.ts";
import type { OpenGroup } from "./open-rows.ts";

const NO_VALUES: Readonly<Record<string, number>> = {};

/** Registers that a row has in the slab: the preview, the last, only where the job shows previews. */
export function registersOf({ preview }: JobSpec, { program }: RowSpec): number {
  return program.registers.length - (preview.everySteps > 0 ? 0 : 1);
}

/** One trajectory of a job: its program's place, and where its registers lie. */
export class Row {
  readonly job: Job;
  /** Number within the job. */
  readonly index: number;
  readonly spec: RowSpec;
  /** Undefined before the first: a generator is much of what a row that waits would hold. */
  #steps: Steps | undefined;
  /** What runs next; undefined before the start and after the end. */
  step: Step | undefined;
  /** First element of its registers in the slab; undefined while it has none. */
  offset: number | undefined;
  /** Bit r: the front of register r is its side 1. */
  front = 0;
  /** Steps done. */
  steps = 0;
  /** Network evaluations done. */
  evaluations = 0;
  /** Rows that shared this row's evaluations, added up. */
  companions = 0;
  /** A worker has it. */
  running = false;
  /** It has done its last step, or nothing more is done of it: a worker may still have it, but what comes of that is nothing. */
  ended = false;
  /** Its current step also writes the preview. */
  previewing = false;
  lastPreviewMs: number = Number.NEGATIVE_INFINITY;
  lastProgressMs: number = Number.NEGATIVE_INFINITY;
  /** Where it counts among all rows, and with how many evaluations; OpenRows keeps them. */
  open: OpenGroup | undefined;
  counted = 0;

  /** What the program answered with at its end. */
  values: Readonly<Record<string, number>> = NO_VALUES;

  constructor(job: Job, index: number, spec: RowSpec) {
    this.job = job;
    this.index = index;
    this.spec = spec;
  }

  get program(): Program {
    return this.spec.program;
  }

  /** The graph that the next step evaluates; a step without an evaluation goes with the job's others. */
  get graph(): GraphName {
    if (this.step?.evaluate?.graph === "jvp") return "jvp";
    return this.job.spec.conditioning.guidance === undefined ? "score" : "guided";
  }

  /** Places in a batch that the next step takes. */
  get places(): number {
    return placesOf(this.job.spec.conditioning);
  }

  /** Resumes the program: `step` is then its next one, if there is one. @returns the failure that ended it */
  advance(scalars: Scalars): SolverFailure | undefined {
    this.#steps ??= this.program.steps();
    const next = this.#steps.next(scalars);
    this.step = next.done ? undefined : next.value;
    if (!next.done || next.value === undefined) return undefined;
    if ("failure" in next.value) return next.value;
    this.values = next.value.values;
    return undefined;
  }

  /** Registers that lie in the slab. */
  get allocated(): number {
    return registersOf(this.job.spec, this.spec);
  }

  /** Whether the step that runs next is to show its estimate; the time counts as the last preview's if so. */
  previewDue(nowMs: number): boolean {
    const { everySteps, minIntervalMs } = this.job.spec.preview;
    if (everySteps === 0 || this.step?.estimate === undefined) return false;
    if ((this.steps + 1) % everySteps !== 0) return false;
    if (nowMs - this.lastPreviewMs < minIntervalMs) return false;
    this.lastPreviewMs = nowMs;
    return true;
  }

  /** First element of a register's front. @throws RangeError where it has no registers */
  frontOf(register: number, dims: number): number {
    if (this.offset === undefined) throw new RangeError("the row has no registers");
    return this.offset + (2 * register + ((this.front >> register) & 1)) * dims;
  }
}
