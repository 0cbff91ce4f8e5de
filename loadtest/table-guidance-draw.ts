import type { Client } from "../clients/typescript/core/client.ts";
import { ofClass } from "../clients/typescript/core/conditions.ts";
import { fromFloat32 } from "../clients/typescript/core/float-tensor.ts";
import {
  type DeepPartial,
  ImageFormat,
  type Sampler,
} from "../proto/messages/gen/scorestream/v1/scorestream.ts";
import { runScript } from "./spawn.ts";

/** A picture, and what the reader takes it for. */
export interface ReadPicture {
  /** float32[3, 32, 32] in [-1, 1]. */
  readonly pixels: Float32Array;
  /** The class that was asked for. */
  readonly asked: number;
  readonly read: number;
  /** The reader's probability of `read`. */
  readonly certainty: number;
}

export type Method = NonNullable<DeepPartial<Sampler>["method"]>;

/** What is drawn: so many of each class; a scale of 0 asks for none of them. */
export interface Draw {
  readonly model: string;
  readonly method: Method;
  readonly scale: number;
  readonly classes: readonly string[];
  readonly each: number;
  readonly reader: string;
}

export interface Drawn {
  readonly pictures: readonly ReadPicture[];
  /** Network evaluations of a sample. */
  readonly evaluations: number;
}

/** Draws, with the same seeds whatever the scale, and has what was drawn read. @throws ScoreStreamError */
export async function draw(client: Client, asked: Draw): Promise<Drawn> {
  let evaluations = 0;
  const perClass = await Promise.all(
    asked.classes.map(async (label, index) => {
      const guided = { condition: ofClass({ label, guidanceScale: asked.scale }) };
      const job = client.sample({
        model: asked.model,
        count: asked.each,
        seed: 1000n + BigInt(index),
        sampler: { method: asked.method },
        format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32,
        ...(asked.scale === 0 ? {} : guided),
      });
      const images = await job.images(({ event }) => {
        if (event?.$case === "completed") evaluations += Number(event.value.evaluations);
      });
      return images.map(({ shape, data }) => {
        if (shape === undefined) throw new Error("a picture without a shape");
        return { pixels: fromFloat32(shape, data).values.map(clip), asked: index };
      });
    }),
  );
  const pictures = await readAll(perClass.flat(), asked.reader);
  return { pictures, evaluations: evaluations / pictures.length };
}

/** To the data's range, as a picture file has it. */
function clip(value: number): number {
  return Math.min(1, Math.max(-1, value));
}

/** What the reader takes pictures for. */
export async function readAll(
  pictures: readonly { readonly pixels: Float32Array; readonly asked: number }[],
  reader: string,
): Promise<ReadPicture[]> {
  const bytes = Buffer.concat(
    pictures.map(({ pixels }) => Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)),
  );
  const { logits } = (await runScript("worker/reader.js", [reader], bytes)) as {
    logits: number[][];
  };
  return pictures.map((picture, k) => ({ ...picture, ...readingOf(logits[k] ?? []) }));
}

/** The likeliest class and its probability. */
export function readingOf(logits: readonly number[]): { read: number; certainty: number } {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, value) => total + Math.exp(value - most), 0);
  return { read: logits.indexOf(most), certainty: 1 / sum };
}
