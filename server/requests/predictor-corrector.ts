import type {
  AnnealedLangevin,
  PredictorCorrector,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  CORRECTOR_NAMES,
  PREDICTOR_NAMES,
  type PredictorCorrectorOptions,
  type PredictorName,
  predictorCorrector,
  predictorsOf,
} from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";
import type { PredictorCorrectorEntry } from "../models/manifest-sampler.ts";
import type { Model } from "../models/repository.ts";
import { checkCountOr, checkName, checkNameOr, checkNumberOr, listed } from "./checks.ts";
import type { CheckedSampler, CommonOptions } from "./sampler.ts";

const MAX_CORRECTOR_STEPS = 100;
const MAX_LEAPFROG_STEPS = 100;
const LEAPFROG_STEPS = 3;
const MAX_SIGNAL_TO_NOISE = 10;

/** For a model that recommends nothing: the paper's choice where it has one. */
export const RECOMMENDED: PredictorCorrectorEntry = {
  method: "predictor-corrector",
  predictor: "reverse-diffusion",
  corrector: "langevin",
  steps: 1000,
  correctorSteps: 1,
  signalToNoise: 0.16,
};

/** NCSNv2's settings for CIFAR-10, for a request that names none. */
const ANNEALED = { scales: 232, stepsPerScale: 5, signalToNoise: 0.176 } as const;

/** @throws ServerError "invalid-argument" naming the field */
export function checkPredictorCorrector(
  asked: PredictorCorrector | undefined,
  model: Model,
  common: CommonOptions,
): CheckedSampler {
  const field = (name: string): string => `sampler.predictor_corrector.${name}`;
  const { sampler } = model.manifest;
  const own = sampler?.method === "predictor-corrector" ? sampler : RECOMMENDED;
  const predictor = asked?.predictor
    ? checkPredictor(field("predictor"), asked.predictor, model)
    : own.predictor;
  const corrector = checkNameOr(
    field("corrector"),
    asked?.corrector ?? "",
    CORRECTOR_NAMES,
    own.corrector,
  );
  if (predictor === "none" && corrector === "none") {
    throw invalidArgument(field("corrector"), "none", 'a corrector where the predictor is "none"');
  }
  const correctorSteps = checkCountOr(
    field("corrector_steps"),
    asked?.correctorSteps ?? 0,
    MAX_CORRECTOR_STEPS,
    Math.max(1, own.correctorSteps),
  );
  const options: PredictorCorrectorOptions = {
    process: model.process,
    predictor,
    corrector,
    steps: checkCountOr(field("steps"), asked?.steps ?? 0, common.maxSteps, own.steps),
    correctorSteps: corrector === "none" ? 0 : correctorSteps,
    signalToNoise: checkNumberOr(
      field("signal_to_noise"),
      asked?.signalToNoise ?? 0,
      MAX_SIGNAL_TO_NOISE,
      own.signalToNoise,
    ),
    leapfrogSteps: checkCountOr(
      field("leapfrog_steps"),
      asked?.leapfrogSteps ?? 0,
      MAX_LEAPFROG_STEPS,
      LEAPFROG_STEPS,
    ),
    eps: common.eps,
    denoise: common.denoise,
    correctorFirst: asked?.correctorFirst ?? false,
    condition: common.condition,
    resampling: common.resampling,
  };
  return { program: predictorCorrector(options), used: describe(options) };
}

function checkPredictor(field: string, seen: string, model: Model): PredictorName | "none" {
  const name = checkName(field, seen, PREDICTOR_NAMES);
  const defined = predictorsOf(model.process);
  if (!defined.includes(name)) {
    const expected = `one that the ${model.process.kind} process defines: ${listed(defined)}`;
    throw invalidArgument(field, seen, expected);
  }
  return name;
}

/**
 * Annealed Langevin dynamics: its corrector alone, down noise levels in geometric progression, as SMLD has them.
 *
 * @throws ServerError "invalid-argument"
 */
export function checkAnnealedLangevin(
  asked: AnnealedLangevin,
  model: Model,
  common: CommonOptions,
): CheckedSampler {
  const field = (name: string): string => `sampler.annealed_langevin.${name}`;
  const value = {
    scales: checkCountOr(field("scales"), asked.scales, common.maxSteps, ANNEALED.scales),
    stepsPerScale: checkCountOr(
      field("steps_per_scale"),
      asked.stepsPerScale,
      MAX_CORRECTOR_STEPS,
      ANNEALED.stepsPerScale,
    ),
    signalToNoise: checkNumberOr(
      field("signal_to_noise"),
      asked.signalToNoise,
      MAX_SIGNAL_TO_NOISE,
      ANNEALED.signalToNoise,
    ),
  };
  const program = predictorCorrector({
    process: model.process,
    predictor: "none",
    corrector: "annealed-langevin",
    steps: value.scales,
    timeGrid: "log-snr",
    correctorSteps: value.stepsPerScale,
    signalToNoise: value.signalToNoise,
    eps: common.eps,
    denoise: common.denoise,
    correctorFirst: true,
    condition: common.condition,
  });
  return { program, used: { $case: "annealedLangevin", value } };
}

function describe(options: PredictorCorrectorOptions): CheckedSampler["used"] {
  const { predictor, corrector, steps, correctorSteps, signalToNoise, correctorFirst } = options;
  const leapfrogSteps = corrector === "hmc" ? (options.leapfrogSteps ?? LEAPFROG_STEPS) : 0;
  const value = {
    predictor,
    corrector,
    steps,
    correctorSteps,
    signalToNoise,
    correctorFirst,
    leapfrogSteps,
  };
  return { $case: "predictorCorrector", value };
}
