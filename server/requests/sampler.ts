import { FastSolver, Sampler } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { LinearCondition, Program, Resampling } from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { checkEps } from "./check-eps.ts";
import type { Measured } from "./conditions.ts";
import { checkFastSolver } from "./fast-solver.ts";
import { checkAnnealedLangevin, checkPredictorCorrector } from "./predictor-corrector.ts";
import { checkProbabilityFlow } from "./probability-flow.ts";
import { sharedSampler } from "./shared-samplers.ts";

/** Bounds that the operator sets. */
export interface SamplerLimits {
  readonly maxSteps: number;
}

/** What every method is given. */
export interface CommonOptions extends SamplerLimits {
  /** Where reverse time stops, in (0, T / 2]. */
  readonly eps: number;
  readonly denoise: boolean;
  /** What is known of the pictures. */
  readonly condition: LinearCondition | undefined;
  readonly resampling: Resampling | undefined;
}

/** A method as it will run, and as the answer echoes it. */
export interface CheckedSampler {
  readonly program: Program;
  readonly used: NonNullable<Sampler["method"]>;
}

/** The program of a checked request, and its sampler as the answer echoes it. */
export interface UsedSampler {
  readonly program: Program;
  readonly used: Sampler;
}

/**
 * Checks a request's sampler and fills in what it leaves out: a method that is named takes that method's own values,
 * a request without one what the model recommends.
 *
 * @throws ServerError "invalid-argument" naming the field
 */
export function checkSampler(
  sampler: Sampler | undefined,
  model: Model,
  limits: SamplerLimits,
  measured?: Measured,
): UsedSampler {
  return sharedSampler(sampler ?? Sampler.create(), model, limits, measured, () =>
    newSampler(sampler, model, limits, measured),
  );
}

function newSampler(
  sampler: Sampler | undefined,
  model: Model,
  { maxSteps }: SamplerLimits,
  measured: Measured | undefined,
): UsedSampler {
  const { process } = model;
  const eps = checkEps("sampler.time_eps", sampler?.timeEps ?? 0, process, process.samplingEps);
  const denoise = sampler?.denoise ?? true;
  const { program, used } = checkMethod(sampler?.method ?? recommended(model), model, {
    maxSteps,
    eps,
    denoise,
    condition: measured?.condition,
    resampling: measured?.resampling,
  });
  return { program, used: { method: used, timeEps: eps, denoise } };
}

/** What a request without a method gets; undefined: predictor-corrector with the model's own settings. */
function recommended({ manifest: { sampler } }: Model): Sampler["method"] {
  if (sampler?.method !== "fast") return undefined;
  const { solver, steps } = sampler;
  return { $case: "fast", value: FastSolver.fromPartial({ method: solver, steps }) };
}

function checkMethod(
  method: Sampler["method"],
  model: Model,
  common: CommonOptions,
): CheckedSampler {
  if (
    common.resampling !== undefined &&
    (method?.$case ?? "predictorCorrector") !== "predictorCorrector"
  ) {
    const expected = "0: only predictor-corrector samplers go over their steps again";
    throw invalidArgument("condition.inpaint.resample_jumps", common.resampling.jumps, expected);
  }
  switch (method?.$case) {
    case undefined:
    case "predictorCorrector":
      return checkPredictorCorrector(method?.value, model, common);
    case "probabilityFlow":
      return checkProbabilityFlow(method.value, model, common);
    case "fast":
      return checkFastSolver(method.value, model, common);
    case "annealedLangevin":
      return checkAnnealedLangevin(method.value, model, common);
  }
}
