import type {
  Condition,
  SampleRequest,
  Sampler,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { sampledAnswer } from "../answers/sampled.ts";
import type { JobSpec } from "../engine/job-spec.ts";
import { invalidArgument } from "../errors.ts";
import { mostBytesOf } from "../images/encode.ts";
import { checkFormat } from "./check-format.ts";
import { checkCondition } from "./conditions.ts";
import type { RequestContext } from "./context.ts";
import { findModel } from "./find-model.ts";
import { cheaperWays } from "./fit-sampler.ts";
import { inputBytes } from "./input-memory.ts";
import { checkOptions } from "./job-options.ts";
import { checkPreview } from "./preview.ts";
import { checkSampler, type UsedSampler } from "./sampler.ts";

/**
 * A sample request, checked, with every field left out filled in.
 *
 * @throws ServerError "invalid-argument" naming the field, "model-not-found", "capability-missing", "upload-not-found"
 */
export async function checkSample(
  request: SampleRequest,
  { repository, limits, uploads, tenants, memory }: RequestContext,
): Promise<JobSpec> {
  const model = findModel(request.model, repository);
  const options = checkOptions(request.options, { tenants });
  const count = checkCount(request.count, limits.maxCount);
  const preview = checkPreview(request.preview, model);
  const format = checkFormat("format", request.format, model.shape.channels);
  if (isMeasured(request.condition)) memory?.take(inputBytes(MEASURED, model.shape));
  const { conditioning, measured, classLabel } = await checkCondition(
    request.condition,
    model,
    repository,
    { uploads, tenant: options.tenant },
  );
  const asked = checkSampler(request.sampler, model, limits, measured);
  const inputs = measured?.inputs ?? [];
  const specOf = ({ program, used }: UsedSampler, adjusted = ""): JobSpec => ({
    task: "sample",
    model,
    rows: Array.from({ length: count }, (_, sample) => ({ program, sample, inputs })),
    seed: request.seed,
    conditioning,
    preview,
    answer: sampledAnswer(model, format),
    resultBytes: count * mostBytesOf(format, model.shape),
    used: { sampler: used, likelihood: undefined, classLabel },
    adjusted,
    ...options,
  });
  const spec = specOf(asked);
  if (!options.fitToDeadline) return spec;
  const check = (sampler: Sampler): UsedSampler => checkSampler(sampler, model, limits, measured);
  return { ...spec, cheaper: cheaperWays(asked.used, model, repository, { check, specOf }) };
}

/** Pictures that a condition is read into: what is known, and which of it. */
const MEASURED = 2;

function isMeasured(asked: Condition | undefined): boolean {
  return asked?.condition !== undefined && asked.condition.$case !== "classLabel";
}

function checkCount(seen: number, most: number): number {
  if (!(Number.isInteger(seen) && seen >= 0 && seen <= most)) {
    throw invalidArgument("count", seen, `an integer from 1 to ${most}, or 0 for 1`);
  }
  return seen || 1;
}
