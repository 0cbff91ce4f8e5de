import test from "ava";
import { openRepository } from "./repository.ts";
import { merge, withFolder, writeModelFolder } from "./test-model-folder.ts";

const TABLES = [
  {
    title: "linear betas",
    process: {
      kind: "ddpm",
      betas: { spacing: "linear", first: 1e-4, last: 0.02, count: 1000 },
    },
    // sqrt(alphaBar_1000) of DDPM.
    marginal: { mean: 0.00635282, std: 0.99997982 },
  },
  {
    title: "geometric sigmas",
    process: {
      kind: "smld",
      sigmas: { spacing: "geometric", first: 0.01, last: 50, count: 232 },
    },
    marginal: { mean: 1, std: 50 },
  },
  {
    title: "betas even in the square root",
    process: { kind: "ddpm", betas: { spacing: "quadratic", first: 0.01, last: 0.09, count: 3 } },
    // alphaBar = 0.99 * 0.96 * 0.91.
    marginal: { mean: Math.sqrt(0.864864), std: Math.sqrt(1 - 0.864864) },
  },
  {
    title: "a table in place",
    process: { kind: "smld", sigmas: [0.1, 1, 7] },
    marginal: { mean: 1, std: 7 },
  },
  {
    title: "the cosine process",
    process: { kind: "cosine", logSnrMin: -4, logSnrMax: 10 },
    marginal: { mean: Math.cos(Math.atan(Math.E ** 2)), std: Math.sin(Math.atan(Math.E ** 2)) },
  },
] as const;

for (const { title, process, marginal } of TABLES) {
  test(`${title}: the manifest's process has its marginal at T`, async (t) => {
    await withFolder(async (root) => {
      await writeModelFolder(root, "folder", { manifest: merge("", { forwardProcess: process }) });
      const { models, problems } = await openRepository(root);
      t.deepEqual(problems, []);
      const seen = models.get("example")?.process.marginal(1);
      t.true(Math.abs((seen?.mean ?? Number.NaN) - marginal.mean) < 1e-8);
      t.true(Math.abs((seen?.std ?? Number.NaN) - marginal.std) < 1e-8);
    });
  });
}
