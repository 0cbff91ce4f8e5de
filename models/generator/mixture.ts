import type { GaussianMixture } from "../../sde/gaussian-mixture.ts";

/** The shape of one picture of the mixture. */
export const SHAPE = { channels: 3, height: 4, width: 4 } as const;

/**
 * The pictures in the middle of the components, in 64ths: a ramp from left to right, a ramp from top to bottom, and a
 * chequerboard. Each is lit differently in each channel, so that no two axes can be mistaken for each other.
 */
const PICTURES: readonly ((c: number, h: number, w: number) => number)[] = [
  (c, _h, w) => 16 * w - 24 + 6 * (c - 1),
  (c, h, _w) => 10 * h - 8 * c - 5,
  (c, h, w) => ((h + w) % 2 === 0 ? -20 : 24) + 4 * c,
];

function picture(value: (c: number, h: number, w: number) => number): number[] {
  const elements: number[] = [];
  for (let c = 0; c < SHAPE.channels; c++) {
    for (let h = 0; h < SHAPE.height; h++) {
      for (let w = 0; w < SHAPE.width; w++) elements.push(value(c, h, w) / 64);
    }
  }
  return elements;
}

/**
 * The mixture in the data range [-1, 1]. Its means and stds are whole 64ths, so that they are the same numbers in
 * float32 and in decimal; the means lie at least 3 stds inside the range.
 */
export const SYMMETRIC: GaussianMixture = {
  weights: [0.5, 0.3, 0.2],
  means: PICTURES.map(picture),
  stds: [5 / 64, 8 / 64, 10 / 64],
};

/** The same mixture in the data range [0, 1]. */
export const POSITIVE: GaussianMixture = {
  weights: SYMMETRIC.weights,
  means: SYMMETRIC.means.map((mean) => mean.map((value) => (value + 1) / 2)),
  stds: SYMMETRIC.stds.map((std) => std / 2),
};
