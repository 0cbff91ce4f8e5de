import type {
  Condition,
  JobOptions,
  PreviewOptions,
  SampleRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { JobSpec, PreviewSpec } from "../engine/job-spec.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import type { Model, Repository } from "../models/repository.ts";
import { checkFormat } from "./check-format.ts";
import { checkSampler, type SamplerLimits } from "./sampler.ts";

/** Bounds that the operator sets. */
export interface RequestLimits extends SamplerLimits {
  /** Samples of one request. */
  readonly maxCount: number;
}

/**
 * A sample request, checked, with every field left out filled in.
 *
 * @throws ServerError "invalid-argument" naming the field, "model-not-found", "capability-missing"
 */
export function checkSample(
  request: SampleRequest,
  repository: Repository,
  limits: RequestLimits,
): JobSpec {
  const model = findModel(request.model, repository);
  checkCondition(request.condition);
  const count = checkCount(request.count, limits.maxCount);
  const { program, used } = checkSampler(request.sampler, model, limits);
  return {
    model,
    program,
    count,
    seed: request.seed,
    sampler: used,
    preview: checkPreview(request.preview, model),
    format: checkFormat("format", request.format, model.shape.channels),
    detached: checkOptions(request.options),
  };
}

function findModel(name: string, repository: Repository): Model {
  const model = repository.models.get(name === "" ? repository.defaultModel : name);
  if (model === undefined) {
    const known = [...repository.models.keys()].map((one) => `"${one}"`).join(", ");
    const message = `model: seen ${JSON.stringify(name.slice(0, 80))}, expected one of ${known || "none: no model is served"}`;
    throw new ServerError("model-not-found", message);
  }
  return model;
}

function checkCount(seen: number, most: number): number {
  if (!(Number.isInteger(seen) && seen >= 0 && seen <= most)) {
    throw invalidArgument("count", seen, `an integer from 1 to ${most}, or 0 for 1`);
  }
  return seen || 1;
}

/** The contract's name of each condition; this version serves none of them. */
const CONDITIONS = {
  classLabel: "condition.class_label",
  inpaint: "condition.inpaint",
  colorize: "condition.colorize",
  superResolve: "condition.super_resolve",
} as const;

function checkCondition(condition: Condition | undefined): void {
  const asked = condition?.condition;
  if (asked === undefined) return;
  const message = `${CONDITIONS[asked.$case]}: this version samples without a condition only`;
  throw new ServerError("capability-missing", message);
}

function checkPreview(asked: PreviewOptions | undefined, model: Model): PreviewSpec {
  const everySteps = asked?.everySteps ?? 0;
  if (!(Number.isInteger(everySteps) && everySteps >= 0 && everySteps <= 0xffffffff)) {
    throw invalidArgument("preview.every_steps", everySteps, "an integer, or 0 for no previews");
  }
  const maxPerSecond = asked?.maxPerSecond ?? 0;
  if (!(maxPerSecond >= 0 && Number.isFinite(maxPerSecond))) {
    throw invalidArgument(
      "preview.max_per_second",
      maxPerSecond,
      "a number > 0, or 0 for no limit",
    );
  }
  return {
    everySteps,
    minIntervalMs: maxPerSecond === 0 ? 0 : 1000 / maxPerSecond,
    // Without previews no picture has to hold the model's channels.
    format: checkFormat(
      "preview.format",
      asked?.format ?? 0,
      everySteps === 0 ? 3 : model.shape.channels,
    ),
  };
}

/** Options that would change what the caller gets are refused as long as they are not kept. */
function checkOptions(options: JobOptions | undefined): boolean {
  if (options === undefined) return false;
  if (options.priority < 0 || options.priority > 2) {
    const expected = "PRIORITY_INTERACTIVE or PRIORITY_BATCH";
    throw invalidArgument("options.priority", options.priority, expected);
  }
  const asked: readonly (readonly [field: string, seen: boolean])[] = [
    ["options.deadline", options.deadline !== undefined],
    ["options.fit_to_deadline", options.fitToDeadline],
    ["options.idempotency_key", options.idempotencyKey !== ""],
    ["options.strict", options.strict],
    ["options.priority", options.priority === 2],
  ];
  for (const [field, seen] of asked) {
    if (!seen) continue;
    throw new ServerError(
      "capability-missing",
      `${field}: this version does not keep it; leave it out`,
    );
  }
  return options.detached;
}
