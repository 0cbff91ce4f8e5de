/** What the pictures of color-digits are made of: 32 x 32, bg (1 - m) + fg m, in [-1, 1]. */
const SIDE = 32;
const PIXELS = SIDE * SIDE;
const CHANNELS = 3;
/** No digit comes so near to the edge. */
const RING = 2;
/** The stroke's colour is that of the pixels that are furthest from the background's. */
const STROKE_PIXELS = 16;
/** Below this distance of the two colours, of 2 sqrt(3) at most, a picture is empty. */
const LEAST_CONTRAST = 0.1;

/** A picture taken apart. */
export interface ColorDigit {
  /** Background and foreground, red, green, blue each. */
  readonly colors: Float64Array;
  /** How much of each pixel is foreground, 0 to 1: the form. */
  readonly mask: Float64Array;
  /** Root mean square of what the two colours and the form leave unexplained; 0 of the data, but for rounding. */
  readonly residual: number;
}

/** @param x float32[3, 32, 32] in [-1, 1]. @throws RangeError for another size */
export function takeApart(x: Float32Array): ColorDigit {
  if (x.length !== CHANNELS * PIXELS) {
    throw new RangeError(`expected ${CHANNELS * PIXELS} values, seen ${x.length}`);
  }
  const all = Array.from({ length: PIXELS }, (_, pixel) => pixel);
  const background = meanColor(x, all.filter(isEdge));
  const far = all.map((pixel) => ({ pixel, distance: distanceOf(x, pixel, background) }));
  far.sort((a, b) => b.distance - a.distance);
  const stroke = far.slice(0, STROKE_PIXELS).map(({ pixel }) => pixel);
  const foreground = meanColor(x, stroke);
  const axis = foreground.map((value, c) => value - (background[c] ?? 0));
  const contrast = Math.hypot(...axis);
  const mask = new Float64Array(PIXELS);
  let squares = 0;
  for (const pixel of all) {
    const offset = background.map((value, c) => (x[c * PIXELS + pixel] ?? 0) - value);
    const along = offset.reduce((sum, value, c) => sum + value * (axis[c] ?? 0), 0);
    const share = contrast < LEAST_CONTRAST ? 0 : Math.min(1, Math.max(0, along / contrast ** 2));
    mask[pixel] = share;
    squares += offset.reduce((sum, value, c) => sum + (value - share * (axis[c] ?? 0)) ** 2, 0);
  }
  return {
    colors: Float64Array.from([...background, ...foreground]),
    mask,
    residual: Math.sqrt(squares / x.length),
  };
}

function isEdge(pixel: number): boolean {
  const [row, column] = [Math.floor(pixel / SIDE), pixel % SIDE];
  return Math.min(row, column, SIDE - 1 - row, SIDE - 1 - column) < RING;
}

function meanColor(x: Float32Array, pixels: readonly number[]): number[] {
  return Array.from(
    { length: CHANNELS },
    (_, c) => pixels.reduce((sum, pixel) => sum + (x[c * PIXELS + pixel] ?? 0), 0) / pixels.length,
  );
}

function distanceOf(x: Float32Array, pixel: number, color: readonly number[]): number {
  return Math.hypot(...color.map((value, c) => (x[c * PIXELS + pixel] ?? 0) - value));
}

/** Mean Euclidean distance of two of the points. NaN where there are fewer than two. */
export function meanPairwiseDistance(points: readonly Float64Array[]): number {
  let sum = 0;
  let pairs = 0;
  for (const [i, a] of points.entries()) {
    for (const b of points.slice(0, i)) {
      let squares = 0;
      for (let e = 0; e < a.length; e++) squares += ((a[e] ?? 0) - (b[e] ?? 0)) ** 2;
      sum += Math.sqrt(squares);
      pairs++;
    }
  }
  return sum / pairs;
}
