/**
 * How likely color-digits finds pictures that it was not trained on: held-out digits, and what can be made of them.
 *
 *   npm run table:likelihood -- --images FOLDER [--count 100 --variant-count 30 --tolerance 1e-5 --quick --dry]
 *
 * --images: PNG files of the test split (training/held_out.py). --quick: 10 pictures and a tolerance of 1e-3, and
 * nothing is written. Otherwise writes the table into docs/likelihood.md, between its markers.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import { addNoise, invert, shuffle, uniformNoise, type Variant } from "./likelihood-variants.ts";
import { machine } from "./machine.ts";
import { between } from "./page.ts";
import { readLevels, writePng } from "./picture-file.ts";
import { spawnServer } from "./spawn.ts";
import { type Likelihood, type Row, report, rowOf } from "./table-likelihood-report.ts";

const { values } = parseArgs({
  options: {
    images: { type: "string" },
    models: { type: "string", default: "models" },
    model: { type: "string", default: "color-digits" },
    count: { type: "string", default: "100" },
    "variant-count": { type: "string", default: "30" },
    tolerance: { type: "string", default: "1e-5" },
    docs: { type: "string", default: "docs" },
    quick: { type: "boolean", default: false },
    dry: { type: "boolean", default: false },
  },
});
if (values.images === undefined) {
  process.stderr.write("usage: npm run table:likelihood -- --images FOLDER\n");
  process.exit(2);
}
const { images: folder } = values;
const tolerance = values.quick ? 1e-3 : Number(values.tolerance);
const count = values.quick ? 10 : Number(values.count);
const variantCount = values.quick ? 10 : Number(values["variant-count"]);
const PILOT = 8;

const VARIANTS: readonly (readonly [name: string, variant: Variant])[] = [
  ["the same, inverted", invert],
  ["pixels shuffled, one order for all", shuffle],
  ["noise of std 0.1 of [-1, 1] added", addNoise(0.1)],
  ["uniform noise", uniformNoise],
];

const started = performance.now();
const names = (await readdir(folder)).filter((name) => name.endsWith(".png")).sort();
const digits = await Promise.all(
  names.slice(0, count).map((name) => readLevels(`${folder}/${name}`)),
);
if (digits.length < count) {
  throw new Error(`${folder}: expected ${count} PNG files, seen ${digits.length}`);
}

const server = await spawnServer([
  ...["--models", values.models, "--default-model", values.model, "--log-level", "warn"],
  ...["--max-step-ms", "60000"],
]);
const client = connect(server.grpc);
try {
  const before = performance.now();
  const pilot = await measure(digits.slice(0, PILOT));
  const perPicture = (performance.now() - before) / 1000 / pilot.length;
  const all = count + VARIANTS.length * variantCount;
  say(
    `${perPicture.toFixed(1)} s a picture: about ${((perPicture * all) / 60).toFixed(0)} minutes`,
  );

  const own = await measure(digits);
  const rows = [tell(rowOf("held-out digits", own, own))];
  for (const [name, variant] of VARIANTS) {
    const made = digits.slice(0, variantCount).map(variant);
    rows.push(tell(rowOf(name, await measure(made), own)));
  }
  const setting = {
    command: "npm run table:likelihood -- --images FOLDER",
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
  };
  if (!values.dry && !values.quick) {
    const page = `${values.docs}/likelihood.md`;
    await writeFile(page, between(await readFile(page, "utf8"), report(rows, setting)));
  }
  const figures = {
    benchmark: "table-likelihood",
    bitsPerDim: rows[0]?.bitsPerDim,
    rows,
    model: values.model,
    tolerance,
    seconds: Math.round((performance.now() - started) / 1000),
    machine: machine(),
  };
  say(JSON.stringify(figures));
} finally {
  await client.close();
  await server.stop();
}

/** One probe and one draw of each. @throws ScoreStreamError */
async function measure(pictures: readonly Uint8Array[]): Promise<Likelihood[]> {
  const job = client.logLikelihood({
    model: values.model,
    images: await Promise.all(pictures.map(writePng)),
    solver: { solver: "rk45", relativeTolerance: tolerance, absoluteTolerance: tolerance },
    probes: 1,
    probe: "rademacher",
    dequantizations: 1,
    seed: 1n,
  });
  const results = await job.likelihoods();
  return results.map(({ bitsPerDim, evaluations }) => ({
    bitsPerDim,
    evaluations: Number(evaluations),
  }));
}

/** Prints a row and gives it back. */
function tell(row: Row): Row {
  const { pictures, bitsPerDim, range, evaluations } = row;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const { mean, error } = bitsPerDim;
  const [low, high] = range;
  const words = `${mean.toFixed(3)} +- ${error.toFixed(3)}, 5 to 95 %: ${low.toFixed(3)} to ${high.toFixed(3)}`;
  say(`${seconds} s, ${pictures}: ${words}, ${evaluations}`);
  return row;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
