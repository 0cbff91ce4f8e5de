import type { Model as ModelMessage } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { CORRECTOR_NAMES, type CorrectorName, predictorsOf } from "../../sde/index.ts";
import type { Model } from "../models/repository.ts";

/** A sampler's name in ListModels: the predictor, with the corrector where there is one. */
function samplerName(predictor: string, corrector: CorrectorName): string {
  return corrector === "none" ? predictor : `${predictor}+${corrector}`;
}

/** What ListModels says of a model. */
export function describeModel({ name, sha256, manifest, process, shape }: Model): ModelMessage {
  const samplers = predictorsOf(process).flatMap((predictor) =>
    CORRECTOR_NAMES.map((corrector) => samplerName(predictor, corrector)),
  );
  const { predictor, corrector } = manifest.sampler ?? {
    predictor: "reverse-diffusion",
    corrector: "langevin" as const,
  };
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
