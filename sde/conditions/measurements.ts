import { describeShape, elementsOf, type Shape } from "./shape.ts";
import { checkTransform, TRANSFORMS, type TransformName } from "./transform.ts";

/** y = A x: some coordinates of Q x, which a picture is to have. */
export interface Measurement {
  readonly transform: TransformName;
  /** float32[D], coordinates of Q x; 0 where they are not known. */
  readonly known: Float32Array;
  /** float32[D]: 1 where the coordinate is known, 0 where it is not. */
  readonly mask: Float32Array;
}

/**
 * The pixels of a picture that a mask keeps.
 *
 * @param image D values
 * @param mask D values, 1 where the picture is known and 0 where it is to be filled
 * @throws RangeError where the lengths differ, a mask value is neither 0 nor 1, or a known value is not finite
 */
export function inpainting(image: ArrayLike<number>, mask: ArrayLike<number>): Measurement {
  if (mask.length !== image.length) {
    throw new RangeError(
      `a mask must have as many values as its image, ${image.length}; seen ${mask.length}`,
    );
  }
  const bits = Float32Array.from(mask);
  const wrong = bits.findIndex((bit) => bit !== 0 && bit !== 1);
  if (wrong >= 0) throw new RangeError(`a mask must hold 0 and 1; seen ${bits[wrong]}`);
  const known = Float32Array.from(image, (value, e) => (bits[e] === 0 ? 0 : value));
  checkFinite("image", known);
  return { transform: "identity", known, mask: bits };
}

/**
 * The gray value of every pixel, the mean of its red, green and blue.
 *
 * @param gray height x width values, row-major, in the data's range
 * @param shape of the coloured picture
 * @throws RangeError where the sizes don't fit, the shape has not 3 channels, or a value is not finite
 */
export function colorization(gray: ArrayLike<number>, shape: Shape): Measurement {
  return knownMeans("color", "gray", gray, shape);
}

export type SuperResolutionFactor = 2 | 4 | 8;

export const SUPER_RESOLUTION_FACTORS: readonly SuperResolutionFactor[] = [2, 4, 8];

/**
 * The average of every block of factor x factor pixels, channel by channel.
 *
 * @param low channels x height / factor x width / factor values, row-major, in the data's range
 * @param shape of the picture in full resolution
 * @throws RangeError where the sizes don't fit, height or width is not a multiple of factor, or a value is not finite
 */
export function superResolution(
  low: ArrayLike<number>,
  factor: SuperResolutionFactor,
  shape: Shape,
): Measurement {
  if (!SUPER_RESOLUTION_FACTORS.includes(factor)) {
    throw new RangeError(`the factor must be 2, 4 or 8; seen ${String(factor)}`);
  }
  return knownMeans(`blocks-${factor}`, "low", low, shape);
}

/** The means of all groups of a transform. */
function knownMeans(
  transform: TransformName,
  name: string,
  means: ArrayLike<number>,
  shape: Shape,
): Measurement {
  checkTransform(transform, shape);
  const { starts, offsets } = TRANSFORMS[transform].groups(shape);
  if (means.length !== starts.length) {
    throw new RangeError(
      `${name} must have ${starts.length} values for ${describeShape(shape)}; seen ${means.length}`,
    );
  }
  const known = new Float32Array(elementsOf(shape));
  const mask = new Float32Array(known.length);
  const scale = Math.sqrt(offsets.length);
  for (const [i, start] of starts.entries()) {
    known[start] = scale * (means[i] ?? Number.NaN);
    mask[start] = 1;
  }
  checkFinite(name, known);
  return { transform, known, mask };
}

function checkFinite(name: string, values: Float32Array): void {
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`${name} must hold finite numbers; seen ${wrong}`);
}
