import {
  edmSampler,
  type ForwardProcess,
  type MultistepMethod,
  multistep,
  type PredictorName,
  type Program,
  predictorCorrector,
  probabilityFlow,
} from "../sde/index.ts";

/** What a sampler is at one cost. */
export interface SamplerCase {
  /** As requests name it. */
  readonly sampler: string;
  readonly family: Family;
  /** Evaluations aimed at, or the tolerance of an adaptive solver. */
  readonly setting: string;
  /** Whether its steps look at a trajectory as a whole, by norms; else they go element by element. */
  readonly norms: boolean;
  readonly program: (process: ForwardProcess) => Program;
}

export const FAMILIES = [
  "predictors alone",
  "predictors with Langevin",
  "probability flow",
  "fast solvers",
] as const;
export type Family = (typeof FAMILIES)[number];

const BUDGETS = [10, 20, 50, 200];
const LONG_BUDGETS = [...BUDGETS, 1000];

const PREDICTORS: readonly PredictorName[] = [
  "euler-maruyama",
  "reverse-diffusion",
  "ancestral",
  "probability-flow",
];
/** Values of a request that names none. */
const SIGNAL_TO_NOISE = 0.16;
const ANNEALED = { stepsPerScale: 5, signalToNoise: 0.176 };
const CHURN = { total: 30, sigmaMin: 0.01, sigmaMax: 1, noise: 1.007 };
const RESTART = { sigmaMin: 0.06, sigmaMax: 0.3, repeats: 4, steps: 3 };
const RESTART_EVALUATIONS = 2 * RESTART.repeats * RESTART.steps;

type At = (process: ForwardProcess, evaluations: number) => Program;

/** A sampler at each of the budgets. */
function cases(family: Family, sampler: string, budgets: readonly number[], at: At): SamplerCase[] {
  return budgets.map((budget) => ({
    family,
    sampler,
    setting: String(budget),
    norms: sampler.includes("+ langevin"),
    program: (process) => at(process, budget),
  }));
}

function predictorCases(predictor: PredictorName): SamplerCase[] {
  const options = {
    predictor,
    correctorSteps: 1,
    signalToNoise: SIGNAL_TO_NOISE,
    denoise: true,
    correctorFirst: false,
  };
  return [
    ...cases("predictors alone", predictor, LONG_BUDGETS, (process, steps) =>
      predictorCorrector({
        ...options,
        process,
        corrector: "none",
        steps,
        eps: process.samplingEps,
      }),
    ),
    ...cases(
      "predictors with Langevin",
      `${predictor} + langevin`,
      LONG_BUDGETS,
      (process, evaluations) =>
        predictorCorrector({
          ...options,
          process,
          corrector: "langevin",
          // No corrector follows the last step.
          steps: Math.floor((evaluations + 1) / 2),
          eps: process.samplingEps,
        }),
    ),
  ];
}

/** A larger signal-to-noise ratio than the paper's, under which the corrector does more. */
const STRONG = 0.25;

const strongCases = (["reverse-diffusion", "probability-flow"] as const).flatMap((predictor) =>
  cases(
    "predictors with Langevin",
    `${predictor} + langevin, r ${STRONG}`,
    [50, 200],
    (process, evaluations) =>
      predictorCorrector({
        process,
        predictor,
        corrector: "langevin",
        steps: Math.floor((evaluations + 1) / 2),
        correctorSteps: 1,
        signalToNoise: STRONG,
        eps: process.samplingEps,
        denoise: true,
        correctorFirst: false,
      }),
  ),
);

const annealedCases = cases(
  "predictors with Langevin",
  "annealed Langevin",
  [50, 200, 1000],
  (process, evaluations) =>
    predictorCorrector({
      process,
      predictor: "none",
      corrector: "annealed-langevin",
      steps: Math.floor(evaluations / ANNEALED.stepsPerScale),
      timeGrid: "log-snr",
      correctorSteps: ANNEALED.stepsPerScale,
      signalToNoise: ANNEALED.signalToNoise,
      eps: process.samplingEps,
      denoise: true,
      correctorFirst: true,
    }),
);

const FLOW = { direction: "sample", denoise: true, maxEvaluations: 10_000 } as const;

const flowCases: SamplerCase[] = [
  ...[1e-1, 1e-2, 1e-3, 1e-5].map(
    (tolerance): SamplerCase => ({
      family: "probability flow",
      sampler: "rk45",
      setting: tolerance.toExponential(0),
      norms: true,
      program: (process) =>
        probabilityFlow({
          ...FLOW,
          process,
          solver: "rk45",
          steps: 0,
          relativeTolerance: tolerance,
          absoluteTolerance: tolerance,
          eps: process.samplingEps,
        }),
    }),
  ),
  ...(["heun", "euler"] as const).flatMap((solver) =>
    cases("probability flow", solver, BUDGETS, (process, evaluations) =>
      probabilityFlow({
        ...FLOW,
        process,
        solver,
        // The last evaluation takes the remaining noise away.
        steps: solver === "heun" ? Math.floor((evaluations - 1) / 2) : evaluations - 1,
        relativeTolerance: 1,
        absoluteTolerance: 1,
        eps: process.samplingEps,
      }),
    ),
  ),
];

const MULTISTEP: readonly (readonly [MultistepMethod, eta: number])[] = [
  ["ddim", 0],
  ["dpm-solver++2m", 0],
  ["dpm-solver++2m-sde", 1],
  ["unipc", 0],
];

const heunSteps = (evaluations: number): number => Math.floor((evaluations + 1) / 2);

const fastCases: SamplerCase[] = [
  ...MULTISTEP.flatMap(([method, eta]) =>
    cases("fast solvers", method, BUDGETS, (process, steps) => {
      const eps = process.samplingEps;
      return multistep({ process, method, steps, timeGrid: "log-snr", eps, eta, order: 3 });
    }),
  ),
  ...cases("fast solvers", "edm-heun", BUDGETS, (process, evaluations) => {
    const steps = heunSteps(evaluations);
    return edmSampler({ process, steps, timeGrid: "karras", eps: process.samplingEps });
  }),
  ...cases("fast solvers", "edm-stochastic", BUDGETS, (process, evaluations) => {
    const steps = heunSteps(evaluations);
    const eps = process.samplingEps;
    return edmSampler({ process, steps, timeGrid: "karras", eps, churn: CHURN });
  }),
  ...cases("fast solvers", "edm-restart", [50, 200], (process, evaluations) => {
    const steps = heunSteps(evaluations - RESTART_EVALUATIONS);
    const eps = process.samplingEps;
    return edmSampler({ process, steps, timeGrid: "karras", eps, restart: RESTART });
  }),
];

/** Every sampler at every cost. */
export const CASES: readonly SamplerCase[] = [
  ...PREDICTORS.flatMap(predictorCases),
  ...annealedCases,
  ...strongCases,
  ...flowCases,
  ...fastCases,
];

/** Index of a case. @throws Error where there is none */
export function caseIndex(sampler: string, setting: string): number {
  const index = CASES.findIndex((each) => each.sampler === sampler && each.setting === setting);
  if (index < 0) throw new Error(`no ${sampler} at ${setting}`);
  return index;
}
