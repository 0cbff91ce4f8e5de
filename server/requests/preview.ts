import type { PreviewOptions } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { PreviewSpec } from "../engine/job-spec.ts";
import { invalidArgument } from "../errors.ts";
import { shrinkFactor } from "../images/shrink.ts";
import type { Model } from "../models/repository.ts";
import { checkFormat } from "./check-format.ts";

/** Previews of larger pictures are shrunk to this height and width at most, unless the request says otherwise, in pixels. */
const MAX_SIZE = 256;

/** Of a request that has none to ask for. */
export const NO_PREVIEW: PreviewSpec = { everySteps: 0, minIntervalMs: 0, shrinkBy: 1, format: 1 };

/** @throws ServerError "invalid-argument" naming the field; "capability-missing" as `checkFormat` */
export function checkPreview(asked: PreviewOptions | undefined, model: Model): PreviewSpec {
  const everySteps = asked?.everySteps ?? 0;
  if (!(Number.isInteger(everySteps) && everySteps >= 0 && everySteps <= 0xffffffff)) {
    throw invalidArgument("preview.every_steps", everySteps, "an integer, or 0 for no previews");
  }
  const maxPerSecond = asked?.maxPerSecond ?? 0;
  if (!(maxPerSecond >= 0 && Number.isFinite(maxPerSecond))) {
    const expected = "a number > 0, or 0 for no limit";
    throw invalidArgument("preview.max_per_second", maxPerSecond, expected);
  }
  return {
    everySteps,
    shrinkBy: shrinkFactor(model.shape, asked?.maxSize || MAX_SIZE),
    minIntervalMs: maxPerSecond === 0 ? 0 : 1000 / maxPerSecond,
    // Without previews no picture has to hold the model's channels.
    format: checkFormat(
      "preview.format",
      asked?.format ?? 0,
      everySteps === 0 ? 3 : model.shape.channels,
    ),
  };
}
