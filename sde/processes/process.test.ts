import test from "ava";
import { interpret } from "../interpret.ts";
import { predictorCorrector } from "../samplers/predictor-corrector.ts";
import { TIME_GRID_NAMES, timeGrid } from "../samplers/time-grid.ts";
import { gaussianScore, PROCESSES } from "../testing.ts";
import { sigmaAt } from "./forward-process.ts";
import { ddpmProcess, smldProcess } from "./noise-table.ts";

for (const [name, process] of Object.entries(PROCESSES)) {
  const { endTime, samplingEps } = process;
  const shares = [0.013, 0.2, 0.511, 0.83, 0.999];

  test(`${name}: drift and diffusion move mean and variance as they should`, (t) => {
    // Central differences; a table's pieces have corners, from which these times keep away.
    for (const share of shares) {
      const time = share * endTime;
      const h = 1e-6 * endTime;
      const [up, down, at] = [time + h, time - h, time].map((u) => process.marginal(u));
      if (up === undefined || down === undefined || at === undefined) return t.fail();
      const a = process.driftCoefficient(time);
      const meanRate = (up.mean - down.mean) / (2 * h);
      const varianceRate = (up.std ** 2 - down.std ** 2) / (2 * h);
      const expected = 2 * a * at.std ** 2 + process.diffusion(time) ** 2;
      t.true(
        Math.abs(meanRate - a * at.mean) < 1e-5 * (1 + Math.abs(meanRate)),
        `mean at ${share}`,
      );
      t.true(Math.abs(varianceRate - expected) < 1e-5 * (1 + expected), `variance at ${share}`);
    }
  });

  test(`${name}: timeOfSigma is the inverse of sigma`, (t) => {
    for (const share of shares) {
      const time = share * endTime;
      t.true(Math.abs(process.timeOfSigma(sigmaAt(process, time)) - time) < 1e-9 * endTime);
    }
  });

  for (const grid of TIME_GRID_NAMES) {
    test(`${name}: the ${grid} grid falls from T by way of eps to 0`, (t) => {
      for (const steps of [1, 2, 10, 200]) {
        const times = Array.from(timeGrid(grid, process, samplingEps, steps));
        t.is(times.length, steps + 1);
        t.is(times[0], endTime);
        t.is(times.at(-1), 0);
        if (steps > 1) t.is(times.at(-2), samplingEps);
        t.true(times.every((time, i) => i === 0 || time < (times[i - 1] ?? 0)));
      }
    });
  }
}

test("a DDPM table has the published alphaBar and its own levels", (t) => {
  const betas = Array.from({ length: 1000 }, (_, k) => 1e-4 + (k / 999) * (0.02 - 1e-4));
  const process = ddpmProcess(betas);
  // sqrt(alphaBar_1000) of the paper's table.
  t.is(process.marginal(1).mean.toPrecision(6), "0.00635282");
  let product = 1;
  for (const [k, beta] of betas.entries()) {
    product *= 1 - beta;
    t.true(Math.abs(process.marginal(k / 999).mean - Math.sqrt(product)) < 1e-12);
  }
});

test("an SMLD table has its sigmas at its levels", (t) => {
  const sigmas = [0.01, 0.1, 0.5, 3, 50];
  const process = smldProcess(sigmas);
  for (const [k, sigma] of sigmas.entries()) {
    t.true(Math.abs(process.marginal(k / 4).std - sigma) < 1e-12 * sigma);
  }
});

test("steps of a table that has more levels are taken at levels; more steps go between them", (t) => {
  const process = PROCESSES.ddpm;
  const few = Array.from(timeGrid("uniform", process, process.samplingEps, 50)).slice(0, 49);
  t.true(few.every((time) => Math.abs(time * 999 - Math.round(time * 999)) < 1e-9));
  const many = timeGrid("uniform", process, process.samplingEps, 3000);
  t.is(new Set(many).size, 3001);
  // And a table's sampler runs with any number of them.
  for (const steps of [7, 1000, 1700]) {
    const program = predictorCorrector({
      ...{ process, predictor: "ancestral", corrector: "none", steps, correctorSteps: 0 },
      ...{ signalToNoise: 0.1, eps: process.samplingEps, denoise: true, correctorFirst: false },
    });
    const x = interpret(program, gaussianScore(process), { dims: 4, seed: 1n, sample: 0 });
    t.true(x.every((value) => Math.abs(value) < 5));
  }
});

test("tables that can't be are refused", (t) => {
  t.throws(() => ddpmProcess([0.1]), { message: /at least 2 values; seen 1/ });
  t.throws(() => ddpmProcess([0.1, 1]), { message: /betas\[1\] must lie in \(0, 1\); seen 1/ });
  t.throws(() => smldProcess([1, 0.5]), { message: /sigmas must rise; seen 1, 0.5/ });
});
