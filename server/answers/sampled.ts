import type { ImageFormat } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Answer } from "../engine/job-spec.ts";
import { encodeImage } from "../images/encode.ts";
import type { Model } from "../models/repository.ts";

/** A row's picture, encoded. */
export function sampledAnswer({ shape, manifest }: Model, format: ImageFormat): Answer {
  return async ({ index, result, evaluations }) => {
    const image = await encodeImage(result, shape, manifest.dataRange, format);
    const value = { row: index, image, evaluations: BigInt(evaluations) };
    return { $case: "sampled", value };
  };
}
