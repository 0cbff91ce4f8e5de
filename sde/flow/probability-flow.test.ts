import test from "ava";
import { interpret, SolverError } from "../interpret.ts";
import { DATA, gaussianScore, PROCESSES } from "../testing.ts";
import { type ProbabilityFlowOptions, probabilityFlow } from "./probability-flow.ts";
import { DORMAND_PRINCE } from "./runge-kutta-tableau.ts";
import { stepSize } from "./step-size.ts";

function options(over: Partial<ProbabilityFlowOptions>): ProbabilityFlowOptions {
  return {
    process: PROCESSES.vp,
    direction: "sample",
    solver: "rk45",
    steps: 10,
    relativeTolerance: 1e-5,
    absoluteTolerance: 1e-5,
    eps: 1e-3,
    denoise: false,
    maxEvaluations: 100_000,
    ...over,
  };
}

const run = { dims: 6, seed: 2n, sample: 0, precision: "float64" } as const;

test("the tableau meets the order conditions, up to order five", (t) => {
  const { a, b, c, error } = DORMAND_PRINCE;
  const near = (seen: number, truth: number): void => {
    t.true(Math.abs(seen - truth) < 1e-14);
  };
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  for (const [i, row] of a.entries()) near(sum(row), c[i] ?? Number.NaN);
  const power = (weights: readonly number[], k: number): number =>
    sum(weights.map((weight, i) => weight * (c[i] ?? 0) ** k));
  for (let k = 0; k < 5; k++) near(power(b, k), 1 / (k + 1));
  // The embedded method is of order four, so that the difference of the two vanishes up to there.
  for (let k = 0; k < 4; k++) near(power(error, k), 0);
  t.true(Math.abs(power(error, 4)) > 1e-4);
  // Trees of order three and four with one branching of a.
  const inner = a.map((row) => power(row, 1));
  near(sum(b.map((weight, i) => weight * (inner[i] ?? 0))), 1 / 6);
  near(sum(b.map((weight, i) => weight * (c[i] ?? 0) * (inner[i] ?? 0))), 1 / 8);
  // First same as last.
  t.deepEqual(a.at(-1), b.slice(0, -1));
  t.is(c.at(-1), 1);
});

for (const name of ["ve", "vp", "subvp"] as const) {
  for (const controller of ["i", "pi"] as const) {
    test(`${name}, ${controller}: the error is within ten times the tolerance that was asked for`, (t) => {
      const process = PROCESSES[name];
      const score = gaussianScore(process);
      const solve = (tolerance: number): number[] =>
        Array.from(
          interpret(
            probabilityFlow(
              options({
                ...{ process, controller, eps: process.samplingEps },
                ...{ relativeTolerance: tolerance, absoluteTolerance: tolerance },
              }),
            ),
            score,
            run,
          ),
        );
      const reference = solve(1e-10);
      for (const tolerance of [1e-3, 1e-5, 1e-7]) {
        const seen = solve(tolerance);
        // In the norm that the solver controls: the root mean square of the scaled differences.
        const squares = seen.map(
          (value, e) => ((value - (reference[e] ?? 0)) / (1 + Math.abs(value))) ** 2,
        );
        const error = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
        t.true(error < 10 * tolerance, `${error} at ${tolerance}`);
      }
    });
  }
}

test("the reference solution is the flow that is known exactly: it keeps each element's place in the marginal", (t) => {
  const process = PROCESSES.vp;
  const latent = [-2, -0.3, 0, 0.4, 1, 2.5];
  const program = probabilityFlow(
    options({ direction: "decode", relativeTolerance: 1e-10, absoluteTolerance: 1e-10 }),
  );
  const seen = interpret(program, gaussianScore(process), { ...run, inputs: [latent] });
  const [from, to] = [process.marginal(1), process.marginal(1e-3)];
  const spread = ({ mean, std }: { mean: number; std: number }): number =>
    Math.sqrt((mean * DATA.std) ** 2 + std ** 2);
  for (const [e, z] of latent.entries()) {
    const quantile = (z - from.mean * DATA.mean) / spread(from);
    const truth = to.mean * DATA.mean + quantile * spread(to);
    t.true(Math.abs((seen[e] ?? Number.NaN) - truth) < 1e-8);
  }
});

test("decoding what was encoded gives it back", (t) => {
  const score = gaussianScore(PROCESSES.subvp);
  const image = [0.1, 0.5, 0.7, 1, -0.4, 0.9];
  const tight = {
    ...{ process: PROCESSES.subvp, relativeTolerance: 1e-8, absoluteTolerance: 1e-8 },
    eps: 1e-5,
  };
  const encode = probabilityFlow(options({ ...tight, direction: "encode", denoise: true }));
  const latent = Array.from(interpret(encode, score, { ...run, inputs: [image] }));
  const decode = probabilityFlow(options({ ...tight, direction: "decode" }));
  const back = interpret(decode, score, { ...run, inputs: [latent] });
  for (const [e, value] of image.entries()) {
    t.true(Math.abs((back[e] ?? Number.NaN) - value) < 1e-5);
  }
});

test("evaluations are two to begin with and six for each attempt", (t) => {
  for (const tolerance of [1e-1, 1e-3, 1e-5]) {
    let evaluations = 0;
    const score = gaussianScore(PROCESSES.vp);
    interpret(
      probabilityFlow(options({ relativeTolerance: tolerance, absoluteTolerance: tolerance })),
      (x, time) => {
        evaluations++;
        return score(x, time);
      },
      run,
    );
    t.is((evaluations - 2) % 6, 0);
    t.true(evaluations > 8);
  }
});

test("too many evaluations, and a tolerance that can't be met, end in a sentence and not in a hang", (t) => {
  const score = gaussianScore(PROCESSES.vp);
  t.throws(() => interpret(probabilityFlow(options({ maxEvaluations: 20 })), score, run), {
    instanceOf: SolverError,
    message: /used up its 20 evaluations at time 0\.\d+/,
  });
  // A score that jumps at each call can't be followed to any tolerance.
  let sign = 1;
  const jumping = (x: ArrayLike<number>): Float64Array => {
    sign = -sign;
    return Float64Array.from(x, () => sign * 1e18);
  };
  t.throws(() => interpret(probabilityFlow(options({})), jumping, run), {
    instanceOf: SolverError,
    message: /step fell to .* at time .*: the tolerance can't be met/,
  });
  const broken = (x: ArrayLike<number>): Float64Array => Float64Array.from(x, () => Number.NaN);
  t.throws(() => interpret(probabilityFlow(options({})), broken, run), { instanceOf: SolverError });
});

test("a step does not grow after a rejection, shrinks at most fivefold and grows at most tenfold", (t) => {
  const control = stepSize({ order: 5, controller: "i" });
  t.deepEqual(control.next(1e-12), { accepted: true, factor: 10 });
  t.deepEqual(control.next(1e12), { accepted: false, factor: 0.2 });
  t.deepEqual(control.next(Number.NaN), { accepted: false, factor: 0.2 });
  t.deepEqual(control.next(1e-12), { accepted: true, factor: 1 });
  t.deepEqual(control.next(0), { accepted: true, factor: 10 });
  t.true(Math.abs(control.next(0.5).factor - 0.9 * 0.5 ** -0.2) < 1e-12);
});

test("a condition is refused where it would break the error estimate, and where all is known", (t) => {
  const condition = { transform: "identity", shape: { channels: 1, height: 2, width: 3 } } as const;
  t.throws(() => probabilityFlow(options({ condition })), {
    instanceOf: RangeError,
    message: /"rk45" takes no condition: .* error estimate meaningless/,
  });
  t.throws(() => probabilityFlow(options({ condition, solver: "heun", direction: "encode" })), {
    instanceOf: RangeError,
    message: /encoding takes no condition/,
  });
  const decode = probabilityFlow(options({ condition, solver: "heun", direction: "decode" }));
  const inputs = [
    [-2, -0.3, 0, 0.4, 1, 2.5],
    [9, 8, 7, 6, 5, 4],
    [0, 1, 0, 0, 0, 1],
  ];
  const seen = interpret(decode, gaussianScore(PROCESSES.vp), { ...run, inputs });
  const free = probabilityFlow(options({ solver: "heun", direction: "decode" }));
  const without = interpret(free, gaussianScore(PROCESSES.vp), { ...run, inputs });
  for (const e of [0, 2, 3, 4]) t.is(seen[e], without[e]);
  t.deepEqual([seen[1], seen[5]], [8, 4]);
});

test("options out of range are refused", (t) => {
  t.throws(() => probabilityFlow(options({ relativeTolerance: 0 })), { message: /seen 0 and/ });
  t.throws(() => probabilityFlow(options({ solver: "euler", steps: 0.5 })), {
    message: /seen 0.5/,
  });
  t.throws(() => probabilityFlow(options({ eps: 2 })), { message: /seen 2/ });
});
