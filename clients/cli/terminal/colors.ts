/** The levels of xterm's color cube, from index 16 on: 6 x 6 x 6. */
const CUBE = [0, 95, 135, 175, 215, 255] as const;
/** Its ramp of grays, from index 232 on: 8, 18, ..., 238. */
const GRAYS = 24;

/** Sets the color of a character (38) or of what is behind it (48); bit depth 24, else xterm's 256 colors. */
export function setColor(layer: 38 | 48, rgb: Rgb, colorDepth: number): string {
  return colorDepth >= 24
    ? `\x1b[${layer};2;${rgb.join(";")}m`
    : `\x1b[${layer};5;${nearestOf256(rgb)}m`;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** The index of the color of xterm's 256 that is nearest, of the cube and the grays: the first 16 are the user's own. */
export function nearestOf256(rgb: Rgb): number {
  const [r, g, b] = rgb.map(nearestLevel) as [number, number, number];
  const inCube = [CUBE[r], CUBE[g], CUBE[b]] as unknown as Rgb;
  const mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
  const step = Math.max(0, Math.min(GRAYS - 1, Math.round((mean - 8) / 10)));
  const gray = 8 + 10 * step;
  return distance(rgb, [gray, gray, gray]) < distance(rgb, inCube)
    ? 232 + step
    : 16 + 36 * r + 6 * g + b;
}

function nearestLevel(value: number): number {
  const apart = CUBE.map((level) => Math.abs(level - value));
  return apart.indexOf(Math.min(...apart));
}

function distance(a: Rgb, b: Rgb): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}
