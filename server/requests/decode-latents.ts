import type { DecodeRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { probabilityFlow } from "../../sde/index.ts";
import { sampledAnswer } from "../answers/sampled.ts";
import type { JobSpec } from "../engine/job-spec.ts";
import { mostBytesOf } from "../images/encode.ts";
import { readLatent } from "../images/source.ts";
import { checkEps } from "./check-eps.ts";
import { checkFormat } from "./check-format.ts";
import { checkNumberOr } from "./checks.ts";
import { unconditional } from "./class-condition.ts";
import type { RequestContext } from "./context.ts";
import { findModel } from "./find-model.ts";
import { checkFlow, invertible } from "./flow.ts";
import { inputBytes } from "./input-memory.ts";
import { checkOptions, refuseFitting } from "./job-options.ts";
import { checkPreview } from "./preview.ts";
import { checkSources } from "./sources.ts";

/** A latent scaled by more than this is nothing that a network has seen. */
const MAX_TEMPERATURE = 10;

/**
 * A decode request, checked: each latent, times the temperature, down the probability flow to its picture. It ends at
 * eps as it is, without a last denoising, so that it undoes an encoding.
 *
 * @throws ServerError "invalid-argument" naming the field, "model-not-found", "capability-missing", "upload-not-found"
 */
export async function checkDecode(
  request: DecodeRequest,
  { repository, limits, uploads, tenants, memory }: RequestContext,
): Promise<JobSpec> {
  const model = findModel(request.model, repository);
  const { process, shape } = model;
  const options = checkOptions(request.options, { tenants });
  refuseFitting(options);
  const { settings, used } = checkFlow("solver", request.solver ?? {}, limits.maxSteps);
  const eps = checkEps("time_eps", request.timeEps, process, process.likelihoodEps);
  const temperature = checkNumberOr("temperature", request.temperature, MAX_TEMPERATURE, 1);
  const format = checkFormat("format", request.format, shape.channels);
  const preview = checkPreview(request.preview, model);
  const conditioning = unconditional("model", model);
  checkSources("latents", request.latents.length, limits.maxCount);
  memory?.take(inputBytes(request.latents.length, shape));
  const latents = request.latents.map((latent, i) =>
    readLatent(latent, `latents[${i}]`, shape, { uploads, tenant: options.tenant }).map(
      (value) => temperature * value,
    ),
  );
  const program = probabilityFlow({
    process,
    direction: "decode",
    eps,
    denoise: false,
    ...invertible(settings),
  });
  return {
    task: "decode",
    model,
    rows: latents.map((latent, sample) => ({ program, sample, inputs: [latent] })),
    seed: 0n,
    conditioning,
    preview,
    answer: sampledAnswer(model, format),
    resultBytes: latents.length * mostBytesOf(format, shape),
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
