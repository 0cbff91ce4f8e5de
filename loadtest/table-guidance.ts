/**
 * What classifier guidance gives by its scale: how often a classifier that had no part in it reads the class that was
 * asked for, and how unlike one another the samples of a class still are.
 *
 *   npm run table:guidance [-- --scales 1,2,4,8,16 --each 50 --method dpm-solver++2m-sde --steps 20
 *     --sampler-each 10 --images FOLDER --dry]
 *
 * --images: held-out pictures, named <anything>-<label>.png (training/held_out.py), measured beside the samples.
 * Writes the tables into docs/guidance.md, between its markers, docs/guidance.svg and docs/guidance-digits.png.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import { contactSheet } from "../clients/typescript/pictures/contact-sheet.ts";
import { machine } from "./machine.ts";
import { between } from "./page.ts";
import { floatsOf, levelsOf, readLevels, writePng } from "./picture-file.ts";
import { spawnServer } from "./spawn.ts";
import { type Drawn, draw, type Method, type ReadPicture, readAll } from "./table-guidance-draw.ts";
import { picture } from "./table-guidance-picture.ts";
import {
  type ByClass,
  byClass,
  type Findings,
  type Measured,
  measure,
  type Row,
  recommended,
  report,
  type SamplerRow,
} from "./table-guidance-report.ts";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "models" },
    model: { type: "string", default: "color-digits" },
    scales: { type: "string", default: "1,2,4,8,16" },
    each: { type: "string", default: "50" },
    method: { type: "string", default: "dpm-solver++2m-sde" },
    steps: { type: "string", default: "20" },
    "sampler-each": { type: "string", default: "10" },
    images: { type: "string" },
    docs: { type: "string", default: "docs" },
    dry: { type: "boolean", default: false },
  },
});
const SHEET = { columns: 10, size: 48 } as const;

const fast = (method: string, steps: number): Method => ({
  $case: "fast",
  value: { method, steps },
});
const predictor = (name: string, steps: number): Method => ({
  $case: "predictorCorrector",
  value: { predictor: name, corrector: "none", steps },
});
/** What the sampler of the scales is compared with; the last is the model's own. */
const OTHERS: readonly (readonly [name: string, method: Method])[] = [
  ["dpm-solver++2m-sde, 10 steps", fast("dpm-solver++2m-sde", 10)],
  ["dpm-solver++2m-sde, 20 steps", fast("dpm-solver++2m-sde", 20)],
  ["dpm-solver++2m, 20 steps", fast("dpm-solver++2m", 20)],
  ["edm-heun, 18 steps", fast("edm-heun", 18)],
  ["euler-maruyama, 250 steps", predictor("euler-maruyama", 250)],
];

const started = performance.now();
const scales = values.scales.split(",").map(Number);
const steps = Number(values.steps);
const sampler = `${values.method}, ${steps} steps`;
const reader = `${values.models}/${values.model}/evaluation/reader.onnx`;

const server = await spawnServer([
  ...["--models", values.models, "--default-model", values.model, "--log-level", "warn"],
  ...["--max-step-ms", "60000"],
]);
const client = connect(server.grpc);
try {
  const { models } = await client.listModels();
  const classes = models.find(({ name }) => name === values.model)?.classes ?? [];
  const all = { model: values.model, classes, reader };

  const free = await draw(client, {
    ...all,
    method: fast(values.method, steps),
    scale: 0,
    each: Number(values.each),
  });
  const reference = byClass(free.pictures, classes.length, false);
  const drawn = new Map<number, Drawn>();
  const rows: Row[] = [{ scale: 0, ...tell("no class", measure(free, reference, false)) }];
  for (const scale of scales) {
    const method = fast(values.method, steps);
    const one = await draw(client, { ...all, method, scale, each: Number(values.each) });
    drawn.set(scale, one);
    rows.push({ scale, ...tell(`scale ${scale}`, measure(one, reference, true)) });
  }
  const { scale, accuracy } = recommended(rows);

  const samplers: SamplerRow[] = [];
  for (const [name, method] of OTHERS) {
    const each = Number(values["sampler-each"]);
    const one = await draw(client, { ...all, method, scale, each });
    samplers.push({ sampler: name, row: tell(name, measure(one, reference, true)) });
  }

  const findings: Findings = {
    rows,
    samplers,
    classes,
    sampler,
    heldOut: await heldOut(reference),
    command: `npm run table:guidance${values.images === undefined ? "" : " -- --images FOLDER"}`,
    machine: machine(),
    date: new Date().toISOString().slice(0, 10),
  };
  if (!values.dry) {
    const page = `${values.docs}/guidance.md`;
    await writeFile(page, between(await readFile(page, "utf8"), report(findings)));
    await writeFile(`${values.docs}/guidance.svg`, picture(rows.filter(({ scale }) => scale > 0)));
    const png = await sheetOf(scale, drawn.get(scale)?.pictures ?? [], classes);
    await writeFile(`${values.docs}/guidance-digits.png`, png);
  }
  const figures = {
    benchmark: "table-guidance",
    recommendedScale: scale,
    readAsAsked: accuracy.mean,
    ...findings,
    seconds: Math.round((performance.now() - started) / 1000),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await client.close();
  await server.stop();
}

/** Prints a row and gives it back. */
function tell(name: string, row: Measured): Measured {
  const { accuracy, forms, colors } = row;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const figures = [accuracy, forms, colors].map(({ mean }) => mean.toFixed(3)).join(", ");
  process.stdout.write(`${seconds} s, ${name}: ${figures}\n`);
  return row;
}

/** The pictures of the folder, where one was given. */
async function heldOut(reference: ByClass): Promise<Measured | undefined> {
  if (values.images === undefined) return undefined;
  const pictures = await readAll(await labelled(values.images), reader);
  return tell("held-out digits", measure({ pictures, evaluations: 0 }, reference, true));
}

/** Pictures of a folder with the label that each one's name ends with. */
async function labelled(folder: string): Promise<{ pixels: Float32Array; asked: number }[]> {
  const names = (await readdir(folder)).filter((name) => /-\d+\.png$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => ({
      pixels: floatsOf(await readLevels(`${folder}/${name}`)),
      asked: Number(/-(\d+)\.png$/.exec(name)?.[1]),
    })),
  );
}

/** The first samples of each class, each row beside what it asked for and what each picture is read as. */
async function sheetOf(
  scale: number,
  pictures: readonly ReadPicture[],
  classes: readonly string[],
): Promise<Buffer> {
  const rows = await Promise.all(
    classes.map(async (label, index) => {
      const own = pictures.filter(({ asked }) => asked === index);
      const shown = own.slice(0, SHEET.columns);
      const reads = shown.map(({ read }) => classes[read] ?? "?").join(" ");
      return {
        label: [`asked: ${label}, scale ${scale}`, `read: ${reads}`] as const,
        pictures: await Promise.all(shown.map(({ pixels }) => writePng(levelsOf(pixels)))),
      };
    }),
  );
  return (await contactSheet(rows, SHEET.size)).png;
}
