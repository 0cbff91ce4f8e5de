import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type {
  DeepPartial,
  Sampler,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { connect } from "../connect.ts";
import { interpolate } from "../core/interpolate.ts";
import { contactSheet, type SheetRow } from "../pictures/contact-sheet.ts";
import { mostApart, readPixels } from "../pictures/pixels.ts";

const help = `Asks a running scorestream server for samples, two by two, and for the pictures between the two of each pair:
both are encoded, and points on the arc between their latents decoded. Writes one picture: a row a pair.

  node dist/clients/typescript/examples/interpolate.js [options]

  --target HOST:PORT  gRPC address of the server (127.0.0.1:50051)
  --model NAME        model (color-digits)
  --pairs N           pairs (4)
  --frames N          pictures of a pair, its ends included (9)
  --seed N            seed (5)
  --size N            side of a picture, in pixels (56)
  --out FILE          PNG to write (docs/interpolation.png)
`;

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "127.0.0.1:50051" },
    model: { type: "string", default: "color-digits" },
    pairs: { type: "string", default: "4" },
    frames: { type: "string", default: "9" },
    seed: { type: "string", default: "5" },
    size: { type: "string", default: "56" },
    out: { type: "string", default: "docs/interpolation.png" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}

/** A fast solver's samples have no grain. What an end has of it, its latent has magnified, and so all frames. */
const FREE: DeepPartial<Sampler> = {
  method: { $case: "fast", value: { method: "dpm-solver++2m-sde", steps: 30 } },
};
/** A level of 8 bits is 8e-3: the default's 1e-5 would cost more, and show nothing. */
const SOLVER = { relativeTolerance: 1e-3, absoluteTolerance: 1e-3 };

const client = connect(values.target);

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
  const frames = Number(values.frames);
  const settings = { model: values.model, frames, solver: SOLVER };
  const images = await interpolate(client, a, b, settings);
  const pictures = images.map(({ data }) => data);
  const detail = `ends off by ${await endsApart(pictures, a, b)} of 255 at most`;
  return { label: [`pair ${1 + pair}`, detail], pictures };
}

try {
  const pairs = Number(values.pairs);
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
  const { png, labelled } = await contactSheet(rows, Number(values.size));
  await writeFile(values.out, png);
  for (const { label } of rows) process.stderr.write(`${label.join(", ")}\n`);
  if (!labelled) process.stderr.write("this machine has no font: the labels are blank\n");
  process.stdout.write(`${values.out}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await client.close();
}
