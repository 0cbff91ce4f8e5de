import type {
  DecodeRequest,
  DeepPartial,
  Image,
  JobOptions,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { CallOptions } from "./call-options.ts";
import type { Client } from "./client.ts";
import type { PictureSource } from "./source.ts";
import { onArc } from "./spherical.ts";

/** How two pictures are joined. Model, solver and `timeEps` are those of `encode` and of `decode`. */
export interface Interpolation
  extends DeepPartial<Pick<DecodeRequest, "model" | "solver" | "timeEps" | "format">> {
  /** Pictures, both ends among them; >= 2. */
  readonly frames: number;
  /** Of both jobs. */
  readonly options?: DeepPartial<Pick<JobOptions, "tenant" | "priority">>;
}

/**
 * Pictures from one to another through the model's latent space: both are encoded, and points evenly spaced on the arc
 * between their latents are decoded, in one job. The ends come out as they went in, to the solver's tolerance. No noise
 * is drawn.
 *
 * @returns `frames` pictures, the first like `a` and the last like `b`
 * @throws RangeError for fewer than 2 frames; ScoreStreamError as `encode`, where `images[0]` is a and `images[1]` b, and
 *   as `decode`
 */
export async function interpolate(
  client: Client,
  a: PictureSource,
  b: PictureSource,
  { frames, format, ...flow }: Interpolation,
  call: CallOptions = {},
): Promise<Image[]> {
  if (!(Number.isInteger(frames) && frames >= 2)) {
    throw new RangeError(`frames: seen ${frames}, expected a whole number >= 2`);
  }
  const [from, to] = await client.encode({ ...flow, images: [a, b] }, call).latents();
  if (from === undefined || to === undefined) throw new Error("the server gave no latents");
  const latents = Array.from({ length: frames }, (_, frame) => ({
    shape: from.shape,
    values: onArc(from.values, to.values, frame / (frames - 1)),
  }));
  const decode = { ...flow, latents, ...(format === undefined ? {} : { format }) };
  return await client.decode(decode, call).images();
}
