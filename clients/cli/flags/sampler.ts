import { Option } from "commander";
import type {
  DeepPartial,
  Sampler,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { UsageError } from "../exit-codes.ts";
import { MAX_EVALUATIONS_OPTION, TIME_EPS_OPTION, TOLERANCE_OPTION } from "./flow.ts";
import { choiceOption, kebab, numberOption, textOption } from "./option.ts";

/** How samples are drawn. What is left out is the model's or the method's own. */
export interface SamplerFlags {
  /** As `scorestream models` lists it: `ancestral+langevin`, `ode-heun`, `dpm-solver++2m`, ... */
  readonly sampler?: string;
  readonly steps?: number;
  readonly correctorSteps?: number;
  readonly snr?: number;
  readonly leapfrogSteps?: number;
  readonly correctorFirst?: boolean;
  readonly tolerance?: number;
  readonly maxEvaluations?: number;
  readonly timeGrid?: string;
  readonly eta?: number;
  readonly order?: number;
  readonly timeEps?: number;
  /** `--no-denoise` makes it false; commander's default is true. */
  readonly denoise?: boolean;
}

type Method = NonNullable<Sampler["method"]>["$case"];

export const SAMPLER_OPTIONS: readonly (() => Option)[] = [
  textOption("--sampler <name>", "as `scorestream models` lists them; left out: the model's"),
  numberOption("--steps <n>", "steps; scales of annealed-langevin", { least: 1 }),
  numberOption("--corrector-steps <n>", "after each step; steps of a scale of annealed-langevin", {
    least: 1,
  }),
  numberOption("--snr <r>", "signal-to-noise ratio of the corrector", { least: 0, whole: false }),
  numberOption("--leapfrog-steps <n>", "of the corrector hmc", { least: 1 }),
  () => new Option("--corrector-first", "the corrector before the predictor"),
  choiceOption("--time-grid <name>", "of fast solvers", ["uniform", "log-snr", "karras"]),
  numberOption("--eta <x>", "noise that a fast solver draws anew", { least: 0, whole: false }),
  numberOption("--order <n>", "of unipc", { least: 1, most: 3 }),
  TOLERANCE_OPTION,
  MAX_EVALUATIONS_OPTION,
  TIME_EPS_OPTION,
  () => new Option("--no-denoise", "ends with the last step's noise in place of its mean"),
];

const CORRECTORS = ["langevin", "annealed-langevin", "hmc", "denoise-renoise"];
const PREDICTORS = ["euler-maruyama", "reverse-diffusion", "ancestral", "probability-flow", "none"];

/** Flags that only some methods have a use for. */
const ONLY_OF: Partial<Record<keyof SamplerFlags, readonly Method[]>> = {
  correctorSteps: ["predictorCorrector", "annealedLangevin"],
  snr: ["predictorCorrector", "annealedLangevin"],
  leapfrogSteps: ["predictorCorrector"],
  correctorFirst: ["predictorCorrector"],
  timeGrid: ["fast"],
  eta: ["fast"],
  order: ["fast"],
  tolerance: ["probabilityFlow"],
  maxEvaluations: ["probabilityFlow"],
};

/** The samplers that each of a request's methods has, as a person would name them. */
const NAMES: Readonly<Record<Method, string>> = {
  predictorCorrector: "predictor-corrector",
  annealedLangevin: "annealed-langevin",
  fast: "fast solvers",
  probabilityFlow: "ode-rk45, ode-heun, ode-euler",
};

/** @throws UsageError for a flag that the sampler has no use for */
export function samplerOf(flags: SamplerFlags): DeepPartial<Sampler> {
  const { timeEps = 0, denoise = true } = flags;
  const method = methodOf(flags);
  for (const [flag, methods] of Object.entries(ONLY_OF)) {
    if (flags[flag as keyof SamplerFlags] === undefined || methods.includes(method.$case)) continue;
    const seen = flags.sampler === undefined ? "the model's own sampler" : flags.sampler;
    const right = methods.map((name) => NAMES[name]).join(" and ");
    throw new UsageError(`--${kebab(flag)}: goes with --sampler of ${right}, not with ${seen}`);
  }
  const asIs = flags.sampler === undefined && !ownFlags(flags);
  return { timeEps, denoise, ...(asIs ? {} : { method }) };
}

/** Whether the model's own sampler is to be changed. */
function ownFlags({
  steps,
  correctorSteps,
  snr,
  leapfrogSteps,
  correctorFirst,
}: SamplerFlags): boolean {
  return [steps, correctorSteps, snr, leapfrogSteps, correctorFirst].some(
    (flag) => flag !== undefined,
  );
}

/** The method that a name of `Model.samplers` stands for; the server knows the names of fast solvers. */
function methodOf(
  flags: SamplerFlags,
): NonNullable<DeepPartial<Sampler>["method"]> & { $case: Method } {
  const { sampler: name = "", steps = 0, correctorSteps = 0, snr = 0 } = flags;
  if (name.startsWith("ode-")) {
    const { tolerance = 0, maxEvaluations = 0 } = flags;
    const value = {
      solver: name.slice("ode-".length),
      steps,
      relativeTolerance: tolerance,
      absoluteTolerance: tolerance,
      maxEvaluations: BigInt(maxEvaluations),
    };
    return { $case: "probabilityFlow", value };
  }
  if (name === "annealed-langevin") {
    const value = { scales: steps, stepsPerScale: correctorSteps, signalToNoise: snr };
    return { $case: "annealedLangevin", value };
  }
  const plus = CORRECTORS.find((corrector) => name.endsWith(`+${corrector}`));
  if (name === "" || plus !== undefined || PREDICTORS.includes(name)) {
    const { leapfrogSteps = 0, correctorFirst = false } = flags;
    const predictor = plus === undefined ? name : name.slice(0, -plus.length - 1);
    const corrector = plus ?? (name === "" ? "" : "none");
    const value = {
      predictor,
      corrector,
      steps,
      correctorSteps,
      signalToNoise: snr,
      leapfrogSteps,
      correctorFirst,
    };
    return { $case: "predictorCorrector", value };
  }
  const { timeGrid = "", eta = 0, order = 0 } = flags;
  return { $case: "fast", value: { method: name, steps, timeGrid, eta, order } };
}
