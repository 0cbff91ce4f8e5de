import ansiEscapes from "ansi-escapes";
import sharp, { type Sharp } from "sharp";
import { image2sixel } from "sixel";
import { setColor } from "./colors.ts";
import type { Graphics } from "./graphics.ts";
import type { Raster } from "./grid.ts";

/** In base64 characters: the most that kitty's protocol takes in one sequence. */
const KITTY_CHUNK = 4096;
const SAVE_CURSOR = "\x1b7";
const RESTORE_CURSOR = "\x1b8";
const DEFAULT_BACKGROUND = "\x1b[49m";
const RESET = "\x1b[0m";

/** Lines of text that a picture takes. */
export function linesOf({ height }: Pick<Raster, "height">, graphics: Graphics): number {
  return Math.ceil(height / (graphics.preview === "blocks" ? 2 : graphics.cell.height));
}

/**
 * A picture as a terminal takes it. Drawn from the cursor to the right and down, over what was there; the cursor ends
 * where it was. There must be room below: nothing scrolls.
 */
export async function draw(picture: Raster, graphics: Graphics): Promise<string> {
  const { cell } = graphics;
  switch (graphics.preview) {
    case "kitty":
      return kitty(await toPng(picture), picture, graphics);
    case "iterm": {
      const size = {
        width: Math.ceil(picture.width / cell.width),
        height: linesOf(picture, graphics),
        preserveAspectRatio: true,
      };
      return SAVE_CURSOR + ansiEscapes.image(await toPng(picture), size) + RESTORE_CURSOR;
    }
    case "sixel": {
      const { width, height } = picture;
      return SAVE_CURSOR + image2sixel(await toRgba(picture), width, height) + RESTORE_CURSOR;
    }
    case "blocks":
      return SAVE_CURSOR + halfBlocks(picture, graphics.colorDepth) + RESTORE_CURSOR;
    case "none":
      return "";
  }
}

/**
 * The same number for every picture of this process: the new one takes the old one's place. `C=1` leaves the cursor,
 * `q=2` has the terminal say nothing.
 */
function kitty(png: Buffer, picture: Raster, graphics: Graphics): string {
  const id = 1 + (process.pid % 0xffff);
  const columns = Math.ceil(picture.width / graphics.cell.width);
  const rows = linesOf(picture, graphics);
  const text = png.toString("base64");
  const chunks = text.match(new RegExp(`.{1,${KITTY_CHUNK}}`, "g")) ?? [];
  return chunks
    .map((chunk, i) => {
      const more = i + 1 < chunks.length ? 1 : 0;
      const head = i === 0 ? `a=T,f=100,i=${id},p=1,c=${columns},r=${rows},C=1,q=2,` : "q=2,";
      return `\x1b_G${head}m=${more};${chunk}\x1b\\`;
    })
    .join("");
}

/** Two pixels a character: the upper one is the foreground of U+2580, the lower one the background. */
function halfBlocks({ width, height, values }: Raster, colorDepth: number): string {
  const color = (x: number, y: number, layer: 38 | 48): string => {
    const [r = 0, g = 0, b = 0] = values.subarray(3 * (y * width + x));
    return setColor(layer, [r, g, b], colorDepth);
  };
  const lines = Array.from({ length: Math.ceil(height / 2) }, (_, line) => {
    const cells = Array.from({ length: width }, (_, x) => {
      const isLast = 2 * line + 1 >= height;
      const lower = isLast ? DEFAULT_BACKGROUND : color(x, 2 * line + 1, 48);
      return `${color(x, 2 * line, 38)}${lower}\u2580`;
    });
    return `${cells.join("")}${RESET}`;
  });
  return lines.join("\r\n");
}

function toPng(picture: Raster): Promise<Buffer> {
  return raw(picture).png({ compressionLevel: 3 }).toBuffer();
}

/** Memory of its own: `image2sixel` takes all of the buffer that lies under its argument, and changes it. */
async function toRgba(picture: Raster): Promise<Uint8Array> {
  return Uint8Array.from(await raw(picture).ensureAlpha().raw().toBuffer());
}

function raw({ width, height, values }: Raster): Sharp {
  return sharp(values, { raw: { width, height, channels: 3 } });
}
