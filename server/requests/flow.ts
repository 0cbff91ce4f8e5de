import type { ProbabilityFlow } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { FLOW_SOLVERS, type FlowSettings } from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";
import { checkCountOr, checkNameOr, checkNumberOr } from "./checks.ts";

const TOLERANCE = 1e-5;
const STEPS = 50;
const MAX_EVALUATIONS = 10_000;
const STEP_CONTROLS = ["i", "pi"] as const;

/**
 * Of the tolerance asked for, what a step of an encoding or a decoding is held to: on its way back to the data the flow
 * magnifies what a step errs by (docs/decisions/0009).
 */
const INVERTIBLE_SHARE = 1 / 500;
/** What float32 states can still tell apart. */
const LEAST_TOLERANCE = 1e-8;

/** Settings under which decoding undoes encoding to within 2e-3 at 1e-5, whatever the picture. */
export function invertible(settings: CheckedFlow["settings"]): CheckedFlow["settings"] {
  const share = (tolerance: number): number =>
    Math.max(LEAST_TOLERANCE, INVERTIBLE_SHARE * tolerance);
  return {
    ...settings,
    relativeTolerance: share(settings.relativeTolerance),
    absoluteTolerance: share(settings.absoluteTolerance),
  };
}

/** A solver as it will run, and as the answer echoes it. */
export interface CheckedFlow {
  readonly settings: Omit<FlowSettings, "process" | "eps">;
  readonly used: ProbabilityFlow;
}

/**
 * How the probability flow is to be solved.
 *
 * @param path of the message in the request, such as `solver`
 * @param costPerStage network evaluations for one slope: D for an exact divergence, else 1
 * @throws ServerError "invalid-argument" naming the field
 */
export function checkFlow(
  path: string,
  asked: Partial<ProbabilityFlow>,
  maxSteps: number,
  costPerStage = 1,
): CheckedFlow {
  const field = (name: string): string => `${path}.${name}`;
  const solver = checkNameOr(field("solver"), asked.solver ?? "", FLOW_SOLVERS, "rk45");
  const tolerance = (name: string, seen = 0): number => {
    const checked = checkNumberOr(field(name), seen, 1, TOLERANCE);
    if (checked >= 1e-8) return checked;
    // States are float32: no step could meet less.
    throw invalidArgument(field(name), seen, "a number in [1e-8, 1], or 0 for 1e-5");
  };
  const most = 10 * maxSteps * costPerStage;
  const own = Math.min(MAX_EVALUATIONS * costPerStage, most);
  const maxEvaluations = Number(asked.maxEvaluations ?? 0) || own;
  if (maxEvaluations > most) {
    const expected = `an integer from 1 to ${most}, or 0 for ${own}`;
    throw invalidArgument(field("max_evaluations"), asked.maxEvaluations, expected);
  }
  const relativeTolerance = tolerance("relative_tolerance", asked.relativeTolerance);
  const absoluteTolerance = tolerance("absolute_tolerance", asked.absoluteTolerance);
  const steps = checkCountOr(field("steps"), asked.steps ?? 0, maxSteps, STEPS);
  const control = checkNameOr(field("step_control"), asked.stepControl ?? "", STEP_CONTROLS, "i");
  const adaptive = solver === "rk45";
  return {
    settings: {
      solver,
      steps,
      relativeTolerance,
      absoluteTolerance,
      maxEvaluations,
      controller: control,
    },
    used: {
      solver,
      relativeTolerance: adaptive ? relativeTolerance : 0,
      absoluteTolerance: adaptive ? absoluteTolerance : 0,
      steps: adaptive ? 0 : steps,
      stepControl: adaptive ? control : "",
      maxEvaluations: adaptive ? BigInt(maxEvaluations) : 0n,
    },
  };
}
