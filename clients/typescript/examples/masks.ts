/** Masks of pictures, uint8[size, size]: 255 known, 0 to be filled. */
export type Mask = (size: number) => Uint8Array;

const KNOWN = 255;

function drawn(size: number, isKnown: (x: number, y: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: size * size }, (_, i) =>
    isKnown(i % size, Math.floor(i / size)) ? KNOWN : 0,
  );
}

export const rightHalf: Mask = (size) => drawn(size, (x) => x < size / 2);

/** The middle half of the width and of the height. */
export const centreBox: Mask = (size) => {
  const isInside = (at: number): boolean => at >= size / 4 && at < (3 * size) / 4;
  return drawn(size, (x, y) => !(isInside(x) && isInside(y)));
};

/** Lines of words: bars three pixels high, five apart, with gaps where the words end. */
export const writing: Mask = (size) =>
  drawn(size, (x, y) => {
    const line = Math.floor(y / 5);
    return y % 5 >= 3 || (x + 3 * line) % 8 === 0 || x < 1 || x >= size - 1 - ((5 * line) % 7);
  });

/** Six straight strokes, four pixels wide, the same for the same seed. */
export function strokes(seed: number): Mask {
  return (size) => {
    const random = numbers(seed);
    const ends = Array.from({ length: 6 }, () => Array.from({ length: 4 }, () => size * random()));
    return drawn(size, (x, y) =>
      ends.every(([x0 = 0, y0 = 0, x1 = 0, y1 = 0]) => distance(x, y, x0, y0, x1, y1) > 2),
    );
  };
}

/** Of a point to a segment. */
function distance(x: number, y: number, x0: number, y0: number, x1: number, y1: number): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy);
  const at = Math.max(0, Math.min(1, along));
  return Math.hypot(x - x0 - at * dx, y - y0 - at * dy);
}

/** Uniform in [0, 1): a linear congruential generator, Numerical Recipes' constants. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
