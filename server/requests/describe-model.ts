import type { Model as ModelMessage } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  CORRECTOR_NAMES,
  type CorrectorName,
  FLOW_SOLVERS,
  predictorsOf,
} from "../../sde/index.ts";
import type { Model } from "../models/repository.ts";
import { FAST_METHODS } from "./fast-solver.ts";
import { RECOMMENDED } from "./predictor-corrector.ts";

/** A sampler's name in ListModels: the predictor, with the corrector where there is one. */
function samplerName(predictor: string, corrector: CorrectorName): string {
  return corrector === "none" ? predictor : `${predictor}+${corrector}`;
}

/** Samplers beside predictor-corrector, defined for every process. */
const OTHERS: readonly string[] = [
  ...FLOW_SOLVERS.map((solver) => `ode-${solver}`),
  ...FAST_METHODS,
  "annealed-langevin",
];

/** What ListModels says of a model. */
export function describeModel({ name, sha256, manifest, process, shape }: Model): ModelMessage {
  const pairs = predictorsOf(process).flatMap((predictor) =>
    CORRECTOR_NAMES.map((corrector) => samplerName(predictor, corrector)),
  );
  const samplers = [...pairs.filter((name) => name !== "none"), ...OTHERS];
  const { predictor, corrector } = manifest.sampler ?? RECOMMENDED;
  return {
    name,
    sha256,
    shape,
    forwardProcess: process.kind,
    classes: [...manifest.classes],
    tasks: ["sample"],
    samplers,
    defaultSampler: samplerName(predictor, corrector),
    parameters: BigInt(manifest.score.parameters ?? 0),
  };
}
