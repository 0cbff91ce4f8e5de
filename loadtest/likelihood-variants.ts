import { fillNormal, uniformNumber } from "../sde/index.ts";

/** What is made of a picture. Levels are 0 to 255, channels last. */
export type Variant = (levels: Uint8Array, image: number) => Uint8Array;

const CHANNELS = 3;
const LEVELS = 256;
/** Independent numbers for each thing that is drawn. */
const SEEDS = { permutation: 1n, noise: 2n, uniform: 3n } as const;

/** Black is white. */
export const invert: Variant = (levels) => levels.map((level) => LEVELS - 1 - level);

/** 0 to count - 1 in a random order, always the same (Fisher and Yates). */
export function permutationOf(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  for (let k = count - 1; k > 0; k--) {
    const u = uniformNumber({ seed: SEEDS.permutation, sample: 0, draw: k });
    const other = Math.floor(u * (k + 1));
    [order[k], order[other]] = [order[other] ?? 0, order[k] ?? 0];
  }
  return order;
}

/** Every pixel, with its colour, in another place: the same places for all pictures. */
export const shuffle: Variant = (levels) => {
  const order = permutationOf(levels.length / CHANNELS);
  return levels.map((_, e) => {
    const from = order[Math.floor(e / CHANNELS)] ?? 0;
    return levels[from * CHANNELS + (e % CHANNELS)] ?? 0;
  });
};

/** With Gaussian noise, rounded and clipped. @param std in [-1, 1] */
export function addNoise(std: number): Variant {
  return (levels, image) => {
    const z = new Float32Array(levels.length);
    fillNormal(z, { seed: SEEDS.noise, sample: image, draw: 0 });
    return Uint8Array.from(levels, (level, e) => {
      const value = Math.round(level + (z[e] ?? 0) * std * ((LEVELS - 1) / 2));
      return Math.min(LEVELS - 1, Math.max(0, value));
    });
  };
}

/** Every level independent and as likely as any other; nothing of the picture but its size. */
export const uniformNoise: Variant = (levels, image) =>
  levels.map((_, e) =>
    Math.floor(LEVELS * uniformNumber({ seed: SEEDS.uniform, sample: image, draw: e })),
  );
