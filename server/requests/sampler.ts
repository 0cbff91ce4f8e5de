import type { Sampler } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Program } from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { checkFastSolver } from "./fast-solver.ts";
import { checkAnnealedLangevin, checkPredictorCorrector } from "./predictor-corrector.ts";
import { checkProbabilityFlow } from "./probability-flow.ts";

/** Bounds that the operator sets. */
export interface SamplerLimits {
  readonly maxSteps: number;
}

/** What every method is given. */
export interface CommonOptions extends SamplerLimits {
  /** Where reverse time stops, in (0, T / 2]. */
  readonly eps: number;
  readonly denoise: boolean;
}

/** A method as it will run, and as the answer echoes it. */
export interface CheckedSampler {
  readonly program: Program;
  readonly used: NonNullable<Sampler["method"]>;
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
): { readonly program: Program; readonly used: Sampler } {
  const eps = checkEps(sampler?.timeEps ?? 0, model);
  const denoise = sampler?.denoise ?? true;
  const { program, used } = checkMethod(sampler?.method, model, { ...limits, eps, denoise });
  return { program, used: { method: used, timeEps: eps, denoise } };
}

function checkMethod(
  method: Sampler["method"],
  model: Model,
  common: CommonOptions,
): CheckedSampler {
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

function checkEps(seen: number, { process }: Model): number {
  if (seen === 0) return process.samplingEps;
  const most = process.endTime / 2;
  if (!(seen >= 1e-9 && seen <= most)) {
    const expected = `a time in [1e-9, ${most}], or 0 for the forward process's own`;
    throw invalidArgument("sampler.time_eps", seen, expected);
  }
  return seen;
}
