import type { Transform } from "./transform.ts";

/**
 * M, orthogonal; a pixel's coordinates are y_j = sum_i x_i M_ij over red, green and blue. Column 0 is
 * (1, 1, 1) / sqrt(3): coordinate 0 is the gray value times sqrt(3).
 *
 * @see Song et al. 2021, appendix I.3.
 */
export const COLOR_MATRIX: readonly (readonly [number, number, number])[] = [
  [1 / Math.sqrt(3), -Math.sqrt(2 / 3), 0],
  [1 / Math.sqrt(3), 1 / Math.sqrt(6), Math.SQRT1_2],
  [1 / Math.sqrt(3), 1 / Math.sqrt(6), -Math.SQRT1_2],
];

/** Splits every pixel into gray and two coordinates of colour. Gray known and the others not is colorization. */
export const color: Transform = {
  needs: ({ channels }) => (channels === 3 ? undefined : "3 channels"),
  forward: (v, { height, width }) => {
    const plane = height * width;
    for (let e = 0; e < plane; e++) {
      const [red, green, blue] = [v[e]!, v[e + plane]!, v[e + 2 * plane]!];
      for (let j = 0; j < 3; j++) {
        v[e + j * plane] =
          red * COLOR_MATRIX[0]![j]! + green * COLOR_MATRIX[1]![j]! + blue * COLOR_MATRIX[2]![j]!;
      }
    }
  },
  inverse: (v, { height, width }) => {
    const plane = height * width;
    for (let e = 0; e < plane; e++) {
      const [y0, y1, y2] = [v[e]!, v[e + plane]!, v[e + 2 * plane]!];
      for (let i = 0; i < 3; i++) {
        const row = COLOR_MATRIX[i]!;
        v[e + i * plane] = row[0] * y0 + row[1] * y1 + row[2] * y2;
      }
    }
  },
  groups: ({ height, width }) => {
    const plane = height * width;
    return {
      starts: Int32Array.from({ length: plane }, (_, e) => e),
      offsets: Int32Array.of(0, plane, 2 * plane),
    };
  },
};
