import type { PredictorCorrector, Sampler } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  CORRECTOR_NAMES,
  type CorrectorName,
  type ForwardProcess,
  PREDICTORS,
  type PredictorCorrectorOptions,
  type PredictorName,
  type Program,
  predictorCorrector,
  predictorsOf,
} from "../../sde/index.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import type { Model } from "../models/repository.ts";

/** Bounds that the operator sets. */
export interface SamplerLimits {
  readonly maxSteps: number;
}

/** A sampler as it will run, and as the answer echoes it. */
export interface CheckedSampler {
  readonly program: Program;
  readonly used: Sampler;
}

const MAX_CORRECTOR_STEPS = 100;
const MAX_SIGNAL_TO_NOISE = 10;
const PREDICTOR_NAMES: readonly PredictorName[] = Object.keys(PREDICTORS) as PredictorName[];

/** The contract's name of each method that this version does not serve. */
const OTHER_METHODS = {
  probabilityFlow: "sampler.probability_flow",
  fast: "sampler.fast",
  annealedLangevin: "sampler.annealed_langevin",
} as const;

/**
 * Checks a request's sampler and fills what it leaves out from the model's recommendation.
 *
 * @throws ServerError "invalid-argument" naming the field; "capability-missing" for a method that is not served
 */
export function checkSampler(
  sampler: Sampler | undefined,
  model: Model,
  limits: SamplerLimits,
): CheckedSampler {
  const method = sampler?.method;
  if (method !== undefined && method.$case !== "predictorCorrector") {
    const field = OTHER_METHODS[method.$case];
    const message = `${field}: this version serves sampler.predictor_corrector only`;
    throw new ServerError("capability-missing", message);
  }
  const options: PredictorCorrectorOptions = {
    ...checkPredictorCorrector(method?.value, model, limits),
    process: model.process,
    eps: checkEps(sampler?.timeEps ?? 0, model),
    denoise: sampler?.denoise ?? true,
  };
  return { program: predictorCorrector(options), used: describe(options) };
}

type MethodOptions = Omit<PredictorCorrectorOptions, "process" | "eps" | "denoise">;

function checkPredictorCorrector(
  asked: PredictorCorrector | undefined,
  model: Model,
  { maxSteps }: SamplerLimits,
): MethodOptions {
  const field = (name: string): string => `sampler.predictor_corrector.${name}`;
  const recommended = model.manifest.sampler ?? FALLBACK;
  const predictor = asked?.predictor
    ? checkPredictor(field("predictor"), asked.predictor, model.process)
    : recommended.predictor;
  const corrector = asked?.corrector
    ? checkName(field("corrector"), asked.corrector, CORRECTOR_NAMES)
    : recommended.corrector;
  const steps = checkCount(field("steps"), asked?.steps ?? 0, maxSteps) || recommended.steps;
  const correctorSteps =
    checkCount(field("corrector_steps"), asked?.correctorSteps ?? 0, MAX_CORRECTOR_STEPS) ||
    recommended.correctorSteps;
  const snr = asked?.signalToNoise ?? 0;
  if (!(snr >= 0 && snr <= MAX_SIGNAL_TO_NOISE)) {
    const expected = `a number in (0, ${MAX_SIGNAL_TO_NOISE}], or 0 for the model's own`;
    throw invalidArgument(field("signal_to_noise"), snr, expected);
  }
  return {
    predictor,
    corrector,
    steps,
    correctorSteps: corrector === "none" ? 0 : Math.max(1, correctorSteps),
    signalToNoise: snr || recommended.signalToNoise,
    correctorFirst: asked?.correctorFirst ?? false,
  };
}

/** For a model that recommends nothing: the paper's choice where it has one. */
const FALLBACK: {
  readonly predictor: PredictorName;
  readonly corrector: CorrectorName;
  readonly steps: number;
  readonly correctorSteps: number;
  readonly signalToNoise: number;
} = {
  predictor: "reverse-diffusion",
  corrector: "langevin",
  steps: 1000,
  correctorSteps: 1,
  signalToNoise: 0.16,
};

function checkName<Name extends string>(field: string, seen: string, names: readonly Name[]): Name {
  const known = names.find((name) => name === seen);
  if (known === undefined) {
    throw invalidArgument(field, seen, `one of ${names.map((name) => `"${name}"`).join(", ")}`);
  }
  return known;
}

function checkPredictor(field: string, seen: string, process: ForwardProcess): PredictorName {
  const name = checkName(field, seen, PREDICTOR_NAMES);
  const defined = predictorsOf(process);
  if (!defined.includes(name)) {
    const expected = `one that the ${process.kind} process defines: ${defined.map((one) => `"${one}"`).join(", ")}`;
    throw invalidArgument(field, seen, expected);
  }
  return name;
}

/** 0 stands for the model's own. */
function checkCount(field: string, seen: number, most: number): number {
  if (!(Number.isInteger(seen) && seen >= 0 && seen <= most)) {
    throw invalidArgument(field, seen, `an integer from 1 to ${most}, or 0 for the model's own`);
  }
  return seen;
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

function describe(options: PredictorCorrectorOptions): Sampler {
  const { predictor, corrector, steps, correctorSteps, signalToNoise, correctorFirst } = options;
  return {
    method: {
      $case: "predictorCorrector",
      value: { predictor, corrector, steps, correctorSteps, signalToNoise, correctorFirst },
    },
    timeEps: options.eps,
    denoise: options.denoise,
  };
}
