import type { Option } from "commander";
import type {
  DeepPartial,
  ProbabilityFlow,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { choiceOption, numberOption } from "./option.ts";

/** How the probability flow is solved, between pictures and latents. */
export interface FlowFlags {
  readonly solver?: string;
  readonly steps?: number;
  readonly tolerance?: number;
  readonly maxEvaluations?: number;
  readonly timeEps?: number;
}

export const TOLERANCE_OPTION: () => Option = numberOption(
  "--tolerance <x>",
  "relative and absolute tolerance of rk45; left out: 1e-5",
  { least: 1e-8, most: 1, whole: false },
);
export const MAX_EVALUATIONS_OPTION: () => Option = numberOption(
  "--max-evaluations <n>",
  "a row of rk45 that needs more fails; left out: 10000",
  { least: 1 },
);
export const TIME_EPS_OPTION: () => Option = numberOption(
  "--time-eps <t>",
  "diffusion time next to the data; left out: the model's",
  { least: 0, whole: false },
);

export const FLOW_OPTIONS: readonly (() => Option)[] = [
  choiceOption("--solver <name>", "rk45 (adaptive; left out), heun or euler", [
    "rk45",
    "heun",
    "euler",
  ]),
  numberOption("--steps <n>", "steps of heun and euler; left out: 50", { least: 1 }),
  TOLERANCE_OPTION,
  MAX_EVALUATIONS_OPTION,
  TIME_EPS_OPTION,
];

/** The fields `solver` and `time_eps` of a request. */
export function flowOf(flags: FlowFlags): {
  solver: DeepPartial<ProbabilityFlow>;
  timeEps: number;
} {
  const { solver = "", steps = 0, tolerance = 0, maxEvaluations = 0, timeEps = 0 } = flags;
  return {
    solver: {
      solver,
      steps,
      relativeTolerance: tolerance,
      absoluteTolerance: tolerance,
      maxEvaluations: BigInt(maxEvaluations),
    },
    timeEps,
  };
}
