/**
 * Compares the scores of a model's folder with those that the network's own project computes: a line a time; exit 1
 * where one differs by more than 1e-3, relative.
 *
 * Usage: node dist/server/models/compare-scores.js FOLDER SCORES
 * training/convert writes SCORES with --scores.
 */
import { readFile } from "node:fs/promises";
import { loadModel } from "./load-model.ts";
import { type KnownScores, scoreErrors } from "./score-comparison.ts";

const TOLERANCE = 1e-3;

async function main(folder: string, scores: string): Promise<boolean> {
  const { model, findings } = await loadModel(folder);
  if (model === undefined) {
    for (const { message, ...where } of findings) {
      process.stderr.write(`${Object.values(where).join(": ")}: ${message}\n`);
    }
    return false;
  }
  const known: KnownScores = JSON.parse(await readFile(scores, "utf8"));
  const errors = await scoreErrors(model, known);
  for (const { t, error } of errors) {
    process.stdout.write(`t = ${t.toPrecision(3)}: relative error ${error.toExponential(1)}\n`);
  }
  return errors.every(({ error }) => error <= TOLERANCE);
}

const [folder, scores] = process.argv.slice(2);
if (folder === undefined || scores === undefined) {
  process.stderr.write("usage: node dist/server/models/compare-scores.js FOLDER SCORES\n");
  process.exitCode = 2;
} else if (!(await main(folder, scores))) {
  process.exitCode = 1;
}
