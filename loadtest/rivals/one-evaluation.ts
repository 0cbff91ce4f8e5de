import type { Client } from "../../clients/typescript/core/client.ts";
import { fillNormal, variancePreserving } from "../../sde/index.ts";

/** Diffusion time at which the score is asked for: there, picture and noise weigh about the same in it. */
export const ENCODED_AT = 0.3;

const SHAPE = { channels: 3, height: 32, width: 32 } as const;
/** Of models/color-digits. */
const PROCESS = variancePreserving({ betaMin: 0.1, betaMax: 20 });

/** What the score is asked of: a picture of noise, in [-1, 1]. */
export const PICTURE: { readonly shape: typeof SHAPE; readonly values: Float32Array<ArrayBuffer> } =
  { shape: SHAPE, values: noisePicture() };

function noisePicture(): Float32Array<ArrayBuffer> {
  const values = new Float32Array(SHAPE.channels * SHAPE.height * SHAPE.width);
  fillNormal(values, { seed: 1n, sample: 0, draw: 0 });
  return values.map((value) => Math.max(-1, Math.min(1, value)));
}

/**
 * The score of PICTURE at ENCODED_AT as a running server evaluates it: by an encoding of a single Euler step from there to
 * T, x_T = x + (T - t) (a(t) x - g(t)^2 s / 2), solved for s.
 */
export async function scoreByServer(client: Client, model: string): Promise<Float32Array> {
  const [latent] = await client
    .encode({
      model,
      images: [PICTURE],
      solver: { solver: "euler", steps: 1 },
      timeEps: ENCODED_AT,
    })
    .latents();
  if (latent === undefined) throw new Error("the server gave no latent");
  const a = PROCESS.driftCoefficient(ENCODED_AT);
  const halfSquare = PROCESS.diffusion(ENCODED_AT) ** 2 / 2;
  const step = PROCESS.endTime - ENCODED_AT;
  return latent.values.map((end, i) => {
    const x = PICTURE.values[i] ?? Number.NaN;
    return (a * x - (end - x) / step) / halfSquare;
  });
}

/** The largest difference over the largest value of the second; NaN where one of them is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} values beside ${b.length}`);
  let [apart, largest] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const [one, other] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    apart = Math.max(apart, Math.abs(one - other));
    largest = Math.max(largest, Math.abs(other));
  }
  return apart / largest;
}
