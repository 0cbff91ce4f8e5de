import type { ProbabilityFlow } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { FLOW_SOLVERS, probabilityFlow } from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { checkCountOr, checkNameOr, checkNumberOr } from "./checks.ts";
import type { CheckedSampler, CommonOptions } from "./sampler.ts";

const TOLERANCE = 1e-5;
const STEPS = 50;
const MAX_EVALUATIONS = 10_000;
const STEP_CONTROLS = ["i", "pi"] as const;

/** The probability-flow ODE from the prior. @throws ServerError "invalid-argument" naming the field */
export function checkProbabilityFlow(
  asked: ProbabilityFlow,
  model: Model,
  common: CommonOptions,
): CheckedSampler {
  const field = (name: string): string => `sampler.probability_flow.${name}`;
  const solver = checkNameOr(field("solver"), asked.solver, FLOW_SOLVERS, "rk45");
  const tolerance = (name: string, seen: number): number => {
    const checked = checkNumberOr(field(name), seen, 1, TOLERANCE);
    if (checked >= 1e-8) return checked;
    // States are float32: no step could meet less.
    throw invalidArgument(field(name), seen, "a number in [1e-8, 1], or 0 for 1e-5");
  };
  const most = 10 * common.maxSteps;
  const own = Math.min(MAX_EVALUATIONS, most);
  const maxEvaluations = Number(asked.maxEvaluations) || own;
  if (maxEvaluations > most) {
    const expected = `an integer from 1 to ${most}, or 0 for ${own}`;
    throw invalidArgument(field("max_evaluations"), asked.maxEvaluations, expected);
  }
  const relativeTolerance = tolerance("relative_tolerance", asked.relativeTolerance);
  const absoluteTolerance = tolerance("absolute_tolerance", asked.absoluteTolerance);
  const steps = checkCountOr(field("steps"), asked.steps, common.maxSteps, STEPS);
  const stepControl = checkNameOr(field("step_control"), asked.stepControl, STEP_CONTROLS, "i");
  const adaptive = solver === "rk45";
  return {
    program: probabilityFlow({
      process: model.process,
      direction: "sample",
      solver,
      steps,
      relativeTolerance,
      absoluteTolerance,
      eps: common.eps,
      denoise: common.denoise,
      maxEvaluations,
      controller: stepControl,
    }),
    used: {
      $case: "probabilityFlow",
      value: {
        solver,
        relativeTolerance: adaptive ? relativeTolerance : 0,
        absoluteTolerance: adaptive ? absoluteTolerance : 0,
        steps: adaptive ? 0 : steps,
        stepControl: adaptive ? stepControl : "",
        maxEvaluations: adaptive ? BigInt(maxEvaluations) : 0n,
      },
    },
  };
}
