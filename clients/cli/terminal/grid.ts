import sharp from "sharp";
import type { Layout } from "./layout.ts";

/** A picture as the server gives it. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** A picture file, or uint8[height, width, channels]. */
  readonly bytes: Uint8Array;
  readonly isFile: boolean;
}

/** RGB, uint8[height, width, 3]. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
}

/** The pictures of a job side by side. What is not there yet is dark gray. */
export class Grid {
  readonly #layout: Layout;
  readonly #gap: number;
  readonly raster: Raster;

  constructor(layout: Layout, gap: number) {
    const { width, height } = layout.size;
    this.#layout = layout;
    this.#gap = gap;
    this.raster = { width, height, values: new Uint8Array(3 * width * height) };
    const empty = new Uint8Array(3 * layout.tile.width * layout.tile.height).fill(40);
    for (let row = 0; row < layout.shown; row++) this.#place(row, empty);
  }

  /** @returns false where the row has no place in the grid */
  async show(row: number, picture: Shown): Promise<boolean> {
    if (row >= this.#layout.shown) return false;
    this.#place(row, await scaled(picture, this.#layout.tile));
    return true;
  }

  #place(row: number, tile: Uint8Array): void {
    const { columns, tile: size } = this.#layout;
    const left = (row % columns) * (size.width + this.#gap);
    const top = Math.floor(row / columns) * (size.height + this.#gap);
    for (let y = 0; y < size.height; y++) {
      const line = tile.subarray(3 * y * size.width, 3 * (y + 1) * size.width);
      this.raster.values.set(line, 3 * ((top + y) * this.raster.width + left));
    }
  }
}

async function scaled(
  { width, height, channels, bytes, isFile }: Shown,
  tile: Layout["tile"],
): Promise<Uint8Array> {
  const raw = { width, height, channels: channels === 1 ? 1 : 3 } as const;
  // Enlarged pixels stay pixels.
  const kernel = tile.width >= width ? "nearest" : "lanczos3";
  return await (isFile ? sharp(bytes) : sharp(bytes, { raw }))
    .toColourspace("srgb")
    .removeAlpha()
    .resize(tile.width, tile.height, { fit: "fill", kernel })
    .raw()
    .toBuffer();
}
