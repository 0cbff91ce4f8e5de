import type { ProbabilityFlow } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { probabilityFlow } from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { checkFlow } from "./flow.ts";
import type { CheckedSampler, CommonOptions } from "./sampler.ts";

/** The probability-flow ODE from the prior. @throws ServerError "invalid-argument" naming the field */
export function checkProbabilityFlow(
  asked: ProbabilityFlow,
  { process }: Model,
  { eps, denoise, condition, maxSteps }: CommonOptions,
): CheckedSampler {
  const { settings, used } = checkFlow("sampler.probability_flow", asked, maxSteps);
  if (condition !== undefined && settings.solver === "rk45") {
    const expected = '"heun" or "euler" under a condition, which would mislead the error control';
    throw invalidArgument("sampler.probability_flow.solver", settings.solver, expected);
  }
  return {
    program: probabilityFlow({
      process,
      direction: "sample",
      eps,
      denoise,
      condition,
      ...settings,
    }),
    used: { $case: "probabilityFlow", value: used },
  };
}
