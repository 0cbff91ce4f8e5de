import type { Answer } from "../engine/job-spec.ts";
import type { Model } from "../models/repository.ts";

/** A row's latent, as it is. */
export function encodedAnswer({ shape }: Model): Answer {
  return async ({ index, result, evaluations }) => {
    const float32 = Buffer.from(result.buffer, result.byteOffset, result.byteLength);
    const value = { row: index, latent: { shape, float32 }, evaluations: BigInt(evaluations) };
    return { $case: "encoded", value };
  };
}
