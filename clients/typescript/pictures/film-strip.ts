import sharp from "sharp";
import type { JobEvent } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** The pictures of one sample in the order they came: previews, and the result last. Encoded PNGs. */
export type Frames = Uint8Array[];

/**
 * Collects the pictures of a sampling job until it completes.
 *
 * @param onEvent sees every event
 * @returns one list of pictures a sample, in the order of the samples
 */
export async function collectFrames(
  events: AsyncIterable<JobEvent>,
  onEvent: (event: JobEvent) => void = () => {},
): Promise<Frames[]> {
  const samples: Frames[] = [];
  for await (const happened of events) {
    onEvent(happened);
    const { event } = happened;
    if (event?.$case !== "preview" && event?.$case !== "sampled") continue;
    const { row, image } = event.value;
    if (image === undefined) continue;
    samples[row] ??= [];
    samples[row].push(image.data);
  }
  return samples;
}

/**
 * Draws samples side by side, each from its first preview at the top to its result at the bottom.
 *
 * @param rows pictures of each sample that are shown, evenly chosen, >= 2
 * @param size side of one picture, in pixels
 * @returns a PNG
 */
export async function filmStrip(
  samples: readonly Frames[],
  rows: number,
  size: number,
): Promise<Buffer> {
  const gap = 2;
  const tiles = samples.flatMap((frames, column) =>
    Array.from({ length: rows }, (_, row) => ({
      frame: frames[Math.round((row * (frames.length - 1)) / (rows - 1))],
      left: gap + column * (size + gap),
      top: gap + row * (size + gap),
    })),
  );
  const layers = await Promise.all(
    tiles.map(async ({ frame, left, top }) => ({
      input: await sharp(frame).resize(size, size, { kernel: "nearest" }).png().toBuffer(),
      left,
      top,
    })),
  );
  const width = gap + samples.length * (size + gap);
  const height = gap + rows * (size + gap);
  return sharp({ create: { width, height, channels: 3, background: "#101014" } })
    .composite(layers)
    .png({ compressionLevel: 9 })
    .toBuffer();
}
