/**
 * How well decoding undoes encoding: encodes picture files, decodes their latents and compares.
 *
 *   npm run table:roundtrip -- --images FOLDER [--count 32] [--model color-digits]
 *
 * Prints a table over tolerances, and as its last line one JSON object.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { connect } from "../clients/typescript/connect.ts";
import { ImageFormat, type JobEvent } from "../proto/messages/gen/scorestream/v1/scorestream.ts";
import { machine } from "./machine.ts";
import { spawnServer } from "./spawn.ts";

const TOLERANCES = [1e-3, 1e-4, 1e-5] as const;

interface Round {
  readonly tolerance: number;
  /** Largest error of any value of any picture, in [-1, 1]. */
  readonly largestError: number;
  readonly medianOfLargest: number;
  /** Network evaluations of one encoding and of its decoding, on average. */
  readonly encodeEvaluations: number;
  readonly decodeEvaluations: number;
}

const { values } = parseArgs({
  options: {
    images: { type: "string" },
    count: { type: "string", default: "32" },
    model: { type: "string", default: "color-digits" },
  },
});
if (values.images === undefined) {
  process.stderr.write("usage: table-roundtrip --images FOLDER [--count N] [--model NAME]\n");
  process.exit(2);
}

const files = await pngFiles(values.images, Number(values.count));
const pixels = await Promise.all(files.map(toPixels));
const server = await spawnServer(["--log-level", "warn"]);
const client = connect(server.grpc);
try {
  const rounds: Round[] = [];
  process.stdout.write("tolerance  largest error  median  evaluations (encode, decode)\n");
  for (const tolerance of TOLERANCES) {
    const round = await roundTrip(tolerance);
    rounds.push(round);
    const { largestError, medianOfLargest, encodeEvaluations, decodeEvaluations } = round;
    process.stdout.write(
      `${tolerance}  ${largestError.toExponential(1)}  ${medianOfLargest.toExponential(1)}  ` +
        `${encodeEvaluations.toFixed(0)}, ${decodeEvaluations.toFixed(0)}\n`,
    );
  }
  const figures = { model: values.model, pictures: files.length, rounds };
  const line = { benchmark: "table-roundtrip", ...figures, machine: machine() };
  process.stdout.write(`${JSON.stringify(line)}\n`);
} finally {
  await client.close();
  await server.stop();
}

async function pngFiles(folder: string, count: number): Promise<readonly Buffer[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".png")).sort();
  if (names.length < count) throw new RangeError(`${folder} has ${names.length} PNG files`);
  // Spread over the folder, which may be sorted by class.
  const chosen = Array.from(
    { length: count },
    (_, i) => names[Math.floor((i * names.length) / count)] ?? "",
  );
  return Promise.all(chosen.map((name) => readFile(join(folder, name))));
}

/** Channels first, in [-1, 1]. */
async function toPixels(file: Buffer): Promise<Float32Array> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const area = info.width * info.height;
  const out = new Float32Array(data.length);
  data.forEach((byte, i) => {
    out[(i % info.channels) * area + Math.floor(i / info.channels)] = byte / 127.5 - 1;
  });
  return out;
}

async function roundTrip(tolerance: number): Promise<Round> {
  const model = values.model;
  const solver = { relativeTolerance: tolerance, absoluteTolerance: tolerance };
  let evaluations: number[] = [];
  const count = ({ event }: JobEvent): void => {
    if (event?.$case !== "completed") return;
    evaluations = [...evaluations, Number(event.value.evaluations) / files.length];
  };
  const latents = await client.encode({ model, images: files, solver }).latents(count);
  const format = ImageFormat.IMAGE_FORMAT_RAW_FLOAT32;
  const images = await client.decode({ model, latents, solver, format }).images(count);
  const errors = images.map(({ data }, i) => {
    const back = new Float32Array(new Uint8Array(data).buffer);
    return (
      pixels[i]?.reduce((m, value, e) => Math.max(m, Math.abs(value - (back[e] ?? 9))), 0) ?? 9
    );
  });
  const [encodeEvaluations = Number.NaN, decodeEvaluations = Number.NaN] = evaluations;
  return {
    tolerance,
    largestError: Math.max(...errors),
    medianOfLargest: errors.sort((a, b) => a - b)[Math.floor(errors.length / 2)] ?? Number.NaN,
    encodeEvaluations,
    decodeEvaluations,
  };
}
