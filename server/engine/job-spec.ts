import type {
  Completed,
  ImageFormat,
  JobEvent,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Program } from "../../sde/index.ts";
import type { WeightedLabel } from "../../worker/protocol.ts";
import type { Model } from "../models/repository.ts";
import type { Priority } from "./device-schedule.ts";

/** When and how a job shows its denoised estimates. */
export interface PreviewSpec {
  /** After every so many steps; 0: never. */
  readonly everySteps: number;
  /** At least so long between two previews of one row, in ms. */
  readonly minIntervalMs: number;
  /** Shown smaller in height and width by this factor; 1: as they are. */
  readonly shrinkBy: number;
  readonly format: ImageFormat;
}

/** One trajectory of a job. */
export interface RowSpec {
  readonly program: Program;
  /** Draws its noise from (seed, sample). */
  readonly sample: number;
  /** What the program's `inputs` are filled with, float32[channels, height, width] each; rows may share them. None once they are in the row's registers. */
  inputs: readonly Float32Array[];
}

/** What every score of a job is bent towards; without, the model's unconditional score. */
export interface Conditioning {
  /** By a classifier's gradient, in the `guided` lane. */
  readonly guidance?: { readonly label: number; readonly scale: number };
  /** By the network's own class input. */
  readonly labels?: readonly WeightedLabel[];
}

/** A row that has come to its end. */
export interface EndedRow {
  readonly index: number;
  /** The program's result, float32[channels, height, width]; the receiver may keep it. */
  readonly result: Float32Array;
  /** The numbers that the program answered with. */
  readonly values: Readonly<Record<string, number>>;
  readonly evaluations: number;
}

/** What a job says of a row that has ended; undefined where it waits for others. @throws ServerError */
export type Answer = (row: EndedRow) => Promise<JobEvent["event"] | undefined>;

/** The settings that a job's end echoes. */
export type UsedSettings = Pick<Completed, "sampler" | "likelihood" | "classLabel">;

/** A sampler that may stand in for the one asked for, with its number of steps left open. */
export interface CheaperWay {
  readonly leastSteps: number;
  readonly mostSteps: number;
  /** The job with so many steps of it, from least to most; its `adjusted` says so. */
  spec(steps: number): JobSpec;
}

/** A checked request: everything that the engine needs to run it. */
export interface JobSpec {
  /** The call that asked for it, such as "sample": for those who observe, and to tell kinds of adaptive rows apart. */
  readonly task?: string;
  readonly model: Model;
  /** At least one; those of one image are neighbours. */
  readonly rows: readonly RowSpec[];
  /** Rows that one image takes: probes of a likelihood. Default 1. */
  readonly rowsPerImage?: number;
  readonly seed: bigint;
  readonly conditioning: Conditioning;
  readonly preview: PreviewSpec;
  readonly answer: Answer;
  /** Bytes of all that it answers, at most; default 0: numbers alone. */
  readonly resultBytes?: number;
  readonly used: UsedSettings;
  readonly detached: boolean;
  /** Every evaluation by itself, so that its shape, and with it every bit, is the same in any company. */
  readonly strict: boolean;
  /** Default "interactive". */
  readonly priority?: Priority;
  /** Who pays for it; default "". */
  readonly tenant?: string;
  /** When it must have ended, on the engine's clock; default never. */
  readonly deadlineMs?: number;
  /** How it may be done where it can't be done by its deadline as it is, the best way first; default by no other. */
  readonly cheaper?: readonly CheaperWay[];
  /** What it takes in place of what was asked for, as the job's end says it; default "": nothing. */
  readonly adjusted?: string;
}
