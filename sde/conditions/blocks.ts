import type { Vector } from "../kernels.ts";
import type { Shape } from "./shape.ts";
import type { Transform } from "./transform.ts";

/**
 * The Haar transform of every block of factor x factor pixels of each channel. The coordinate in a block's first
 * corner is factor times its average; those known and the others not is super-resolution.
 *
 * Level l takes the elements at multiples of 2^l, four neighbours (a, b; c, d) at a time, to half of
 * (a + b + c + d, a - b + c - d; a + b - c - d, a - b - c + d), which is its own inverse; the next level works on the
 * sums, which lie at multiples of 2^(l + 1).
 *
 * @see Haar 1910; Mallat, "A Wavelet Tour of Signal Processing", section 7.7 (two dimensions).
 */
export function blocks(factor: 2 | 4 | 8): Transform {
  return {
    needs: ({ height, width }) =>
      height % factor === 0 && width % factor === 0
        ? undefined
        : `height and width to be multiples of ${factor}`,
    forward: (v, shape) => {
      for (let stride = 1; stride < factor; stride *= 2) level(v, shape, stride);
    },
    inverse: (v, shape) => {
      for (let stride = factor / 2; stride >= 1; stride /= 2) level(v, shape, stride);
    },
    groups: ({ channels, height, width }) => {
      const [rows, columns] = [height / factor, width / factor];
      return {
        starts: Int32Array.from({ length: channels * rows * columns }, (_, i) => {
          const row = Math.floor(i / columns);
          return factor * (row * width + (i % columns));
        }),
        offsets: Int32Array.from(
          { length: factor * factor },
          (_, i) => Math.floor(i / factor) * width + (i % factor),
        ),
      };
    },
  };
}

/** One level of all channels: these lie one below the other, as one picture of channels x height rows. */
function level(v: Vector, { channels, height, width }: Shape, stride: number): void {
  for (let y = 0; y < channels * height; y += 2 * stride) {
    for (let x = 0; x < width; x += 2 * stride) {
      const e = y * width + x;
      const [right, below] = [e + stride, e + stride * width];
      const across = below + stride;
      const [a, b, c, d] = [v[e]!, v[right]!, v[below]!, v[across]!];
      v[e] = 0.5 * (a + b + (c + d));
      v[right] = 0.5 * (a - b + (c - d));
      v[below] = 0.5 * (a + b - (c + d));
      v[across] = 0.5 * (a - b - (c - d));
    }
  }
}
