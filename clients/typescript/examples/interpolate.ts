import { writeFile } from "node:fs/promises";
import type {
  DeepPartial,
  Sampler,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { interpolate } from "../core/interpolate.ts";
import { contactSheet, type SheetRow } from "../pictures/contact-sheet.ts";
import { mostApart, readPixels } from "../pictures/pixels.ts";
import { openProgram } from "./program.ts";

const about = `Asks a running scorestream server for samples, two by two, and for the pictures between the two of each pair:
both are encoded, and points on the arc between their latents decoded. Writes one picture: a row a pair.`;

const { client, values, run } = openProgram(about, {
  pairs: { value: "N", default: 4, doc: "pairs" },
  frames: { value: "N", default: 9, doc: "pictures of a pair, its ends included" },
  seed: { value: "N", default: 5, doc: "seed" },
  size: { value: "N", default: 56, doc: "side of a picture, in pixels" },
  out: { value: "FILE", default: "docs/interpolation.png", doc: "PNG to write" },
});

/** A fast solver's samples have no grain. What an end has of it, its latent has magnified, and so all frames. */
const FREE: DeepPartial<Sampler> = {
  method: { $case: "fast", value: { method: "dpm-solver++2m-sde", steps: 30 } },
};
/** A level of 8 bits is 8e-3: the default's 1e-5 would cost more, and show nothing. */
const SOLVER = { relativeTolerance: 1e-3, absoluteTolerance: 1e-3 };

/** How far the ends of an interpolation are from the pictures that it began with. */
async function endsApart(
  pictures: readonly Uint8Array[],
  a: Uint8Array,
  b: Uint8Array,
): Promise<number> {
  const [first, last] = [pictures[0], pictures.at(-1)];
  if (first === undefined || last === undefined) throw new Error("the server gave no pictures");
  const [from, to, begun, ended] = await Promise.all([a, b, first, last].map(readPixels));
  if (!(from && to && begun && ended)) throw new Error("a picture could not be read");
  return Math.max(mostApart(from.values, begun.values), mostApart(to.values, ended.values));
}

async function interpolateRow(a: Uint8Array, b: Uint8Array, pair: number): Promise<SheetRow> {
  const { frames } = values;
  const settings = { model: values.model, frames, solver: SOLVER };
  const images = await interpolate(client, a, b, settings);
  const pictures = images.map(({ data }) => data);
  const detail = `ends off by ${await endsApart(pictures, a, b)} of 255 at most`;
  return { label: [`pair ${1 + pair}`, detail], pictures };
}

await run(async () => {
  const { pairs } = values;
  const samples = await client
    .sample({ model: values.model, count: 2 * pairs, seed: BigInt(values.seed), sampler: FREE })
    .images();
  const ends = samples.map(({ data }) => data);
  // Side by side: their jobs share evaluations.
  const rows = await Promise.all(
    Array.from({ length: pairs }, (_, pair) => {
      const [a, b] = ends.slice(2 * pair);
      if (a === undefined || b === undefined) throw new Error("the server gave too few samples");
      return interpolateRow(a, b, pair);
    }),
  );
  const { png, labelled } = await contactSheet(rows, values.size);
  await writeFile(values.out, png);
  for (const { label } of rows) process.stderr.write(`${label.join(", ")}\n`);
  if (!labelled) process.stderr.write("this machine has no font: the labels are blank\n");
  process.stdout.write(`${values.out}\n`);
});
