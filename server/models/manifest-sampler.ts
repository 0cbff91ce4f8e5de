import { z } from "zod";
import { CORRECTOR_NAMES, type CorrectorName } from "../../sde/samplers/correctors.ts";
import { FAST_METHODS, type FastMethod } from "../../sde/samplers/fast-methods.ts";
import { PREDICTORS, type PredictorName } from "../../sde/samplers/predictors.ts";

export interface PredictorCorrectorEntry {
  readonly method: "predictor-corrector";
  readonly predictor: PredictorName;
  readonly corrector: CorrectorName;
  readonly steps: number;
  readonly correctorSteps: number;
  readonly signalToNoise: number;
}

export interface FastSolverEntry {
  readonly method: "fast";
  readonly solver: FastMethod;
  readonly steps: number;
}

/** A sampler as a manifest names it. */
export type SamplerEntry = PredictorCorrectorEntry | FastSolverEntry;

/** A sampler that may stand in for a slower one, and the fewest steps that are worth serving. */
export type RungEntry = SamplerEntry & { readonly leastSteps: number };

const predictorNames = Object.keys(PREDICTORS) as PredictorName[];

const predictorCorrector = {
  method: z.literal("predictor-corrector").describe("A predictor, with or without a corrector."),
  predictor: z.enum(predictorNames).describe("The predictor."),
  corrector: z.enum(CORRECTOR_NAMES).default("none").describe("The corrector."),
  steps: z.int().min(1).describe("Predictor steps."),
  correctorSteps: z.int().min(0).default(1).describe("Corrector steps after each predictor step."),
  signalToNoise: z.number().positive().default(0.16).describe("The corrector's r."),
};

const fast = {
  method: z.literal("fast").describe("A fast solver."),
  solver: z.enum(FAST_METHODS).describe("The solver, by the name that requests use."),
  steps: z.int().min(1).describe("Its steps."),
};

const leastSteps = z
  .int()
  .min(1)
  .describe("The fewest steps that are worth serving; a rung is taken with these to `steps`.");

export const samplerSchema: z.ZodType<SamplerEntry> = z
  .discriminatedUnion("method", [z.strictObject(predictorCorrector), z.strictObject(fast)])
  .describe("The sampler that requests get when they name none.");

export const ladderSchema: z.ZodType<readonly RungEntry[]> = z
  .array(
    z.discriminatedUnion("method", [
      z.strictObject({ ...predictorCorrector, leastSteps }),
      z.strictObject({ ...fast, leastSteps }),
    ]),
  )
  .min(1)
  .describe(
    "Samplers that jobs may be fitted to their deadline with (fit_to_deadline), the best first.",
  );
