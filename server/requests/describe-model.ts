import type { Model as ModelMessage } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  CORRECTOR_NAMES,
  type CorrectorName,
  FAST_METHODS,
  FLOW_SOLVERS,
  predictorsOf,
  SUPER_RESOLUTION_FACTORS,
} from "../../sde/index.ts";
import type { Model } from "../models/repository.ts";
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

/** What a model can do, by the names of the contract. */
function tasksOf({ manifest, graphs, shape }: Model): string[] {
  const tasks = ["sample", "inpaint", "encode", "decode"];
  if (graphs.has("guided") || manifest.score.class !== undefined) tasks.push("class-conditional");
  if (shape.channels === 3) tasks.push("colorize");
  if (SUPER_RESOLUTION_FACTORS.some((f) => shape.height % f === 0 && shape.width % f === 0)) {
    tasks.push("super-resolve");
  }
  if (graphs.has("jvp")) tasks.push("log-likelihood");
  if (manifest.ladder !== undefined) tasks.push("fit-to-deadline");
  return tasks;
}

/** What ListModels says of a model. */
export function describeModel(model: Model): ModelMessage {
  const { name, sha256, version, manifest, process, shape } = model;
  const pairs = predictorsOf(process).flatMap((predictor) =>
    CORRECTOR_NAMES.map((corrector) => samplerName(predictor, corrector)),
  );
  const samplers = [...pairs.filter((name) => name !== "none"), ...OTHERS];
  const own = manifest.sampler ?? RECOMMENDED;
  return {
    name,
    sha256,
    version,
    shape,
    // The manifest's own word: EDM's process is VE's with other constants, and clients are told of it as EDM.
    forwardProcess: manifest.forwardProcess.kind,
    classes: [...manifest.classes],
    tasks: tasksOf(model),
    samplers,
    defaultSampler: own.method === "fast" ? own.solver : samplerName(own.predictor, own.corrector),
    parameters: BigInt(manifest.score.parameters ?? 0),
    heldOut: manifest.evaluation?.heldOutBitsPerDim,
  };
}
