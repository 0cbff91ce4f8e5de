import type { EncodeRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { probabilityFlow } from "../../sde/index.ts";
import { encodedAnswer } from "../answers/encoded.ts";
import type { JobSpec } from "../engine/job-spec.ts";
import { checkEps } from "./check-eps.ts";
import { unconditional } from "./class-condition.ts";
import type { RequestContext } from "./context.ts";
import { findModel } from "./find-model.ts";
import { checkFlow, invertible } from "./flow.ts";
import { checkOptions, refuseFitting } from "./job-options.ts";
import { NO_PREVIEW } from "./preview.ts";
import { readPictures } from "./sources.ts";

/**
 * An encode request, checked: each picture up the probability flow to its latent.
 *
 * @throws ServerError "invalid-argument" naming the field, "model-not-found", "capability-missing", "upload-not-found"
 */
export async function checkEncode(
  request: EncodeRequest,
  context: RequestContext,
): Promise<JobSpec> {
  const model = findModel(request.model, context.repository);
  const { process } = model;
  const options = checkOptions(request.options, context);
  refuseFitting(options);
  const { settings, used } = checkFlow("solver", request.solver ?? {}, context.limits.maxSteps);
  const eps = checkEps("time_eps", request.timeEps, process, process.likelihoodEps);
  const conditioning = unconditional("model", model);
  const pictures = await readPictures(request.images, model, context, options.tenant);
  const program = probabilityFlow({
    process,
    direction: "encode",
    eps,
    denoise: false,
    ...invertible(settings),
  });
  return {
    task: "encode",
    model,
    rows: pictures.map(({ pixels }, sample) => ({ program, sample, inputs: [pixels] })),
    seed: 0n,
    conditioning,
    preview: NO_PREVIEW,
    answer: encodedAnswer(model),
    resultBytes: pictures.reduce((sum, { pixels }) => sum + pixels.byteLength, 0),
    used: {
      sampler: {
        method: { $case: "probabilityFlow", value: used },
        timeEps: eps,
        denoise: false,
      },
      likelihood: undefined,
      classLabel: undefined,
    },
    ...options,
  };
}
