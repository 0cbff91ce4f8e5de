import {
  FastSolver,
  PredictorCorrector,
  type Sampler,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { CheaperWay, JobSpec } from "../engine/job-spec.ts";
import { ServerError } from "../errors.ts";
import type { RungEntry } from "../models/manifest-sampler.ts";
import type { Model, Repository } from "../models/repository.ts";
import type { UsedSampler } from "./sampler.ts";

type Method = NonNullable<Sampler["method"]>;

/** How a request's other fields turn a sampler into a job. */
export interface Fitting {
  /** @throws ServerError "invalid-argument" where the request's other fields exclude the sampler */
  check(sampler: Sampler): UsedSampler;
  specOf(sampler: UsedSampler, adjusted: string): JobSpec;
}

/** A sampler with its number of steps left open. */
interface Open {
  readonly leastSteps: number;
  readonly mostSteps: number;
  method(steps: number): Method;
}

/**
 * What may stand in for a request's sampler where its deadline can't be met, the best first: fewer steps of the same one,
 * with all else that the request says of it, as far as the model's ladder goes down with it; then the rungs below it. For
 * a sampler that is not on the ladder: every rung. A rung that the request's other fields exclude (RePaint's jumps, say) is
 * passed over.
 *
 * @param asked as it was checked, nothing left out
 * @throws ServerError "capability-missing" where the model has no ladder
 */
export function cheaperWays(
  asked: Sampler,
  model: Model,
  repository: Repository,
  { check, specOf }: Fitting,
): readonly CheaperWay[] {
  const { ladder } = model.manifest;
  if (ladder === undefined) {
    const able = [...repository.models.values()].filter((one) => one.manifest.ladder !== undefined);
    const names = able.map(({ name }) => `"${name}"`).join(", ") || "none here";
    const message = `options.fit_to_deadline: model "${model.name}" lists no samplers to fit with; models that do: ${names}`;
    throw new ServerError("capability-missing", message);
  }
  return openSamplers(asked, ladder).flatMap(({ leastSteps, mostSteps, method }) => {
    const way = (steps: number): JobSpec => {
      const sampler = check({ ...asked, method: method(steps) });
      return specOf(sampler, `${shown(sampler.used)} in place of ${shown(asked)}`);
    };
    const isPossible = leastSteps <= mostSteps && passes(() => way(leastSteps));
    return isPossible ? [{ leastSteps, mostSteps, spec: way }] : [];
  });
}

function openSamplers(asked: Sampler, ladder: readonly RungEntry[]): readonly Open[] {
  const place = ladder.findIndex((rung) => nameOf(methodOf(rung, 1)) === nameOf(asked.method));
  const rungs = ladder.slice(place + 1).map((rung) => ({
    leastSteps: rung.leastSteps,
    mostSteps: rung.steps,
    method: (steps: number) => methodOf(rung, steps),
  }));
  const own = ladder[place];
  const { method } = asked;
  if (own === undefined || method === undefined) return rungs;
  const { leastSteps } = own;
  const fewer = (steps: number): Method => withSteps(method, steps);
  return [{ leastSteps, mostSteps: stepsOf(method) - 1, method: fewer }, ...rungs];
}

/** Whether the request's other fields allow it. */
function passes(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof ServerError && error.code === "invalid-argument") return false;
    throw error;
  }
}

/** A rung as a request would name it. */
function methodOf(rung: RungEntry, steps: number): Method {
  if (rung.method === "fast") {
    const value = FastSolver.fromPartial({ method: rung.solver, steps });
    return { $case: "fast", value };
  }
  const { predictor, corrector, correctorSteps, signalToNoise } = rung;
  return {
    $case: "predictorCorrector",
    value: PredictorCorrector.fromPartial({
      predictor,
      corrector,
      steps,
      correctorSteps: corrector === "none" ? 0 : correctorSteps,
      signalToNoise,
    }),
  };
}

function withSteps(method: Method, steps: number): Method {
  switch (method.$case) {
    case "predictorCorrector":
      return { ...method, value: { ...method.value, steps } };
    case "fast":
      return { ...method, value: { ...method.value, steps } };
    case "probabilityFlow":
      return { ...method, value: { ...method.value, steps } };
    case "annealedLangevin":
      return { ...method, value: { ...method.value, scales: steps } };
  }
}

/** 0 where it chooses them as it goes. */
function stepsOf(method: Method): number {
  return method.$case === "annealedLangevin" ? method.value.scales : method.value.steps;
}

/** The sampler's name in `Completed.adjusted`: its field in the contract, and what it names there. */
function nameOf(method: Sampler["method"]): string {
  switch (method?.$case) {
    case undefined:
      return "";
    case "predictorCorrector": {
      const { predictor, corrector } = method.value;
      return `predictor_corrector/${predictor}${corrector === "none" ? "" : `+${corrector}`}`;
    }
    case "probabilityFlow":
      return `probability_flow/${method.value.solver}`;
    case "fast":
      return `fast/${method.value.method}`;
    case "annealedLangevin":
      return "annealed_langevin";
  }
}

/** `NAME with STEPS steps`, where a solver that chooses its steps has "adaptive" ones. */
function shown({ method }: Sampler): string {
  const steps = method === undefined ? 0 : stepsOf(method);
  return `${nameOf(method)} with ${steps === 0 ? "adaptive" : steps} steps`;
}
