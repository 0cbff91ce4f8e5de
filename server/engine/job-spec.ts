import type { ImageFormat, Sampler } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Program } from "../../sde/index.ts";
import type { Model } from "../models/repository.ts";

/** When and how a job shows its denoised estimates. */
export interface PreviewSpec {
  /** After every so many steps; 0: never. */
  readonly everySteps: number;
  /** At least so long between two previews of one row, in ms. */
  readonly minIntervalMs: number;
  readonly format: ImageFormat;
}

/** A checked request: everything that the engine needs to run it. */
export interface JobSpec {
  readonly model: Model;
  /** What each row runs; row i draws its noise from (seed, i). */
  readonly program: Program;
  readonly count: number;
  readonly seed: bigint;
  /** The sampler as used, for the answer. */
  readonly sampler: Sampler;
  readonly preview: PreviewSpec;
  readonly format: ImageFormat;
  readonly detached: boolean;
}
