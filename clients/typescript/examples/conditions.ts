import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type {
  Condition,
  DeepPartial,
  Sampler,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { colorize, inpaint, superResolve } from "../core/conditions.ts";
import { contactSheet, type SheetRow } from "../pictures/contact-sheet.ts";
import { mostApart, type Pixels, readPixels, toPng } from "../pictures/pixels.ts";
import { blockMeans, grayOf, knownPart } from "./degrade.ts";
import { centreBox, type Mask, rightHalf, strokes, writing } from "./masks.ts";
import { openProgram } from "./program.ts";

const about = `Asks a running scorestream server for samples, and then for others that agree with a part of them: known pixels,
a gray version, a version a quarter as wide and high. Writes three pictures: inpainting.png, colorization.png and
super-resolution.png, a row an input.`;

const { client, values, run } = openProgram(about, {
  count: { value: "N", default: 5, doc: "answers to each input" },
  seed: { value: "N", default: 5, doc: "seed" },
  size: { value: "N", default: 56, doc: "side of a picture, in pixels" },
  out: { value: "FOLDER", default: "docs", doc: "where to write" },
});

/** Free samples, to take inputs from: a fast solver's have no grain. */
const FREE: DeepPartial<Sampler> = {
  method: { $case: "fast", value: { method: "dpm-solver++2m-sde", steps: 30 } },
};

/** Corrector steps forget what was decided at a higher noise level, when the known part could hardly be seen. */
function corrected(steps: number): DeepPartial<Sampler> {
  return {
    method: {
      $case: "predictorCorrector",
      value: {
        predictor: "ancestral",
        corrector: "annealed-langevin",
        steps,
        correctorSteps: 4,
        signalToNoise: 0.5,
      },
    },
  };
}

/** Of the rows of inpainting, in turn. */
const MASKS: readonly (readonly [name: string, mask: Mask])[] = [
  ["right half missing", rightHalf],
  ["centre missing", centreBox],
  ["strokes missing", strokes(3)],
  ["under writing", writing],
  ["other strokes missing", strokes(5)],
  ["centre missing", centreBox],
];

/** @param input an index that no two rows share, so that each gets noise of its own */
async function drawFor(condition: Condition, steps: number, input: number): Promise<Pixels[]> {
  const { count } = values;
  const seed = BigInt(values.seed) + BigInt(1000 * (1 + input));
  const pictures = await client
    .sample({ model: values.model, count, seed, sampler: corrected(steps), condition })
    .images();
  return Promise.all(pictures.map(({ data }) => readPixels(data)));
}

async function row(
  name: string,
  detail: string,
  shown: readonly Pixels[],
  answers: readonly Pixels[],
): Promise<SheetRow> {
  const pictures = await Promise.all([...shown, ...answers].map(toPng));
  return { label: [name, detail], pictures };
}

/** How far the answers are from what was known of the input, in levels of 255. */
function worst(answers: readonly Pixels[], apart: (answer: Pixels) => number): string {
  return `off by ${Math.max(...answers.map(apart))} of 255 at most`;
}

async function inpaintRow(input: Pixels, index: number): Promise<SheetRow> {
  const [name, mask] = MASKS[index % MASKS.length] ?? ["right half missing", rightHalf];
  const known = mask(input.size);
  const [image, maskFile] = await Promise.all([
    toPng(input),
    toPng({ size: input.size, channels: 1, values: known }),
  ]);
  const condition = inpaint({ image, mask: maskFile });
  const answers = await drawFor(condition, 50, index);
  const shown = knownPart(input, known);
  const detail = worst(answers, (answer) =>
    mostApart(shown.values, knownPart(answer, known).values),
  );
  return row(name, detail, [input, shown], answers);
}

async function colorizeRow(input: Pixels, index: number): Promise<SheetRow> {
  const gray = grayOf(input);
  const answers = await drawFor(colorize(await toPng(gray)), 50, 100 + index);
  const detail = worst(answers, (answer) => mostApart(gray.values, grayOf(answer).values));
  return row("gray known", detail, [input, gray], answers);
}

async function superResolveRow(input: Pixels, index: number): Promise<SheetRow> {
  const low = blockMeans(input, 4);
  const answers = await drawFor(superResolve(await toPng(low), 4), 100, 200 + index);
  const detail = worst(answers, (answer) => mostApart(low.values, blockMeans(answer, 4).values));
  return row(`${low.size} x ${low.size} known`, detail, [input, low], answers);
}

/** Rows side by side: their jobs share evaluations. */
async function write(
  file: string,
  inputs: readonly Pixels[],
  makeRow: (input: Pixels, index: number) => Promise<SheetRow>,
): Promise<void> {
  const rows = await Promise.all(inputs.map(makeRow));
  const { png, labelled } = await contactSheet(rows, values.size);
  const path = join(values.out, file);
  await writeFile(path, png);
  for (const { label } of rows) process.stderr.write(`${file}: ${label.join(", ")}\n`);
  if (!labelled) process.stderr.write("this machine has no font: the labels are blank\n");
  process.stdout.write(`${path}\n`);
}

await run(async () => {
  const samples = await client
    .sample({ model: values.model, count: 6, seed: BigInt(values.seed), sampler: FREE })
    .images();
  const inputs = await Promise.all(samples.map(({ data }) => readPixels(data)));
  await write("inpainting.png", inputs, inpaintRow);
  await write("colorization.png", inputs, colorizeRow);
  await write("super-resolution.png", inputs, superResolveRow);
});
