import test, { type ExecutionContext } from "ava";
import type { GaussianMixture } from "../gaussian-mixture.ts";
import { interpret, SolverError } from "../interpret.ts";
import { exactModel, likelihoodOf, likelihoodOptions } from "../likelihood/testing.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Program, Scalars, Step } from "../program.ts";
import { PROCESSES, slope } from "../testing.ts";
import { type LogLikelihoodOptions, logLikelihood } from "./log-likelihood.ts";

/** Two components that can't be told from a Gaussian nor from each other at every time. */
const MIXTURE: GaussianMixture = {
  weights: [0.6, 0.4],
  means: [
    [0.5, -0.25, 0.1],
    [-0.5, 0.25, 0.6],
  ],
  stds: [0.25, 0.4],
};
const MIXED_POINT = [0.1, -0.2, 0.5];

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

test("the scalar's error is controlled: a tolerance a hundred times smaller makes it far smaller", (t) => {
  const process = PROCESSES.vp;
  const model = exactModel(process, MIXTURE);
  const solve = (tolerance: number): number => {
    const tolerances = { relativeTolerance: tolerance, absoluteTolerance: tolerance };
    return likelihoodOf(likelihoodOptions({ process, dims: 3, ...tolerances }), model, MIXED_POINT)
      .divergence;
  };
  const truth = solve(1e-11);
  for (const tolerance of [1e-4, 1e-6, 1e-8]) {
    // Ten times the tolerance, scaled as the scalar is in the norm; the norm shares it among D + 1 = 4 elements.
    const bound = 10 * tolerance * (1 + Math.abs(truth)) * 2;
    const error = Math.abs(solve(tolerance) - truth);
    t.true(error < bound, `${error} at ${tolerance}`);
  }
});

test("the scalar is scaled by its own size: a relative tolerance alone does not hold it to an absolute one", (t) => {
  const process = PROCESSES.vp;
  const model = exactModel(process, MIXTURE);
  const evaluationsAt = (absoluteTolerance: number): number => {
    let count = 0;
    const score: typeof model.score = (x, time) => {
      count++;
      return model.score(x, time);
    };
    const tolerances = { relativeTolerance: 1e-4, absoluteTolerance };
    const options = likelihoodOptions({ process, dims: 3, ...tolerances });
    likelihoodOf(options, { ...model, score }, MIXED_POINT);
    return count;
  };
  // Near x_i = 0 and at delta = 0 the absolute one is all there is, which costs the first steps; held to it all the way,
  // a method of order five would take (1e5)^(1/5) = 10 times the steps.
  const [loose, tight] = [evaluationsAt(1e-4), evaluationsAt(1e-9)];
  t.true(tight < 3 * loose, `${tight} beside ${loose}`);
});

test("the solver steps as it would for (x, delta) as one vector of D + 1 elements", (t) => {
  // A flow whose divergence alone is hard: x stays small and smooth, the trace is rough in time. Without the scalar in
  // the norm the solver would step over it.
  const process = PROCESSES.vp;
  const rough = (time: number): number => 40 * Math.cos(120 * time);
  const model = {
    score: (x: ArrayLike<number>) => Float64Array.from(x, (value) => -value),
    tangent: (_x: ArrayLike<number>, time: number, v: ArrayLike<number>) =>
      Float64Array.from(v, (value) => rough(time) * value),
  };
  const options = likelihoodOptions({ process, dims: 2 });
  const { divergence } = likelihoodOf(options, model, [0.3, -0.2]);
  // The integral of a D - g^2 / 2 D rough, by the trapezoidal rule on 100,000 intervals: its error is 1e-6.
  const count = 100_000;
  const slopeAt = (time: number): number =>
    2 * process.driftCoefficient(time) - process.diffusion(time) ** 2 * rough(time);
  const h = (process.endTime - options.eps) / count;
  const inner = Array.from({ length: count - 1 }, (_, i) => slopeAt(options.eps + (i + 1) * h));
  const truth = h * (sum(inner) + (slopeAt(options.eps) + slopeAt(process.endTime)) / 2);
  t.true(Math.abs(divergence - truth) < 1e-3, `${divergence} beside ${truth}`);
});

for (const [solver, order] of [
  ["heun", 2],
  ["euler", 1],
] as const) {
  test(`${solver} agrees with rk45, its error falling with order ${order} in the step`, (t) => {
    const process = PROCESSES.vp;
    const model = exactModel(process, MIXTURE);
    const solve = (over: Partial<LogLikelihoodOptions>): number =>
      likelihoodOf(likelihoodOptions({ process, dims: 3, eps: 0.01, ...over }), model, MIXED_POINT)
        .logDensity;
    const truth = solve({ relativeTolerance: 1e-10, absoluteTolerance: 1e-10 });
    const errors = [80, 160, 320, 640].map((steps) => Math.abs(solve({ solver, steps }) - truth));
    const seen = slope(errors);
    t.true(Math.abs(seen - order) < 0.4, `${seen}`);
    t.true((errors.at(-1) ?? 1) < (solver === "heun" ? 1e-3 : 3e-2), `${errors.at(-1)}`);
  });
}

/** A program whose steps and the scalars sent to it are kept. */
function recorded(program: Program): { program: Program; steps: Step[]; scalars: Scalars[] } {
  const steps: Step[] = [];
  const scalars: Scalars[] = [];
  function* kept(): ReturnType<Program["steps"]> {
    const inner = program.steps();
    let next = inner.next([]);
    while (!next.done) {
      steps.push(next.value);
      const returned: Scalars = yield next.value;
      scalars.push(returned);
      next = inner.next(returned);
    }
    return next.value;
  }
  return { program: { ...program, steps: kept }, steps, scalars };
}

const KINDS: readonly Partial<LogLikelihoodOptions>[] = [
  { probe: { kind: "rademacher", draw: 3 } },
  { probe: { kind: "gaussian", draw: 3 }, controller: "pi" },
  { probe: { kind: "exact" } },
  { probe: { kind: "rademacher", draw: 3 }, solver: "heun" },
  { probe: { kind: "exact" }, solver: "heun" },
  { probe: { kind: "rademacher", draw: 3 }, solver: "euler" },
  { probe: { kind: "exact" }, solver: "euler" },
];

function runRecorded(over: Partial<LogLikelihoodOptions>) {
  const process = PROCESSES.vp;
  const { score, tangent } = exactModel(process, MIXTURE);
  const options = likelihoodOptions({ process, dims: 3, ...over });
  const record = recorded(logLikelihood(options));
  let values: Readonly<Record<string, number>> = {};
  const latent = interpret(record.program, score, {
    ...{ dims: 3, seed: 5n, sample: 0, inputs: [MIXED_POINT], tangent },
    onValues: (answered) => {
      values = answered;
    },
  });
  return { ...record, options, values, latent };
}

for (const over of KINDS) {
  const title = `${over.solver ?? "rk45"}, ${over.probe?.kind}`;

  test(`${title}: a replay with the recorded scalars gives the same steps and values`, (t) => {
    const { program, steps, scalars, values, options } = runRecorded(over);
    const again = logLikelihood(options).steps();
    let next = again.next([]);
    for (const [i, step] of steps.entries()) {
      t.deepEqual(next.value, step);
      // As a replay does it: through a text.
      next = again.next(JSON.parse(JSON.stringify(scalars[i])));
    }
    t.true(next.done);
    t.deepEqual(next.value, { values: { ...values } });
    t.is(program.inputs.length, 1);
  });

  test(`${title}: its steps keep the contract of a program`, (t) => {
    const { program, steps, options } = runRecorded(over);
    const { registers, scratch, preview, evaluations } = program;
    const count = registers.length + scratch;
    t.true(count <= 31);
    t.is(preview, registers.length - 1);
    checkRegisters(t, steps, registers.length, count);
    const evaluated = steps.filter((step) => step.evaluate !== undefined);
    t.true(evaluated.every((step) => step.evaluate?.graph === "jvp"));
    if (options.solver === "rk45") {
      const cost = options.probe.kind === "exact" ? 3 : 1;
      t.is(evaluations, undefined);
      t.is((evaluated.length / cost - 2) % 6, 0);
    } else {
      t.is(evaluations, evaluated.length);
    }
    const fractions = steps.map((step) => step.fraction);
    t.true(fractions.every((value, i) => value >= (fractions[i - 1] ?? 0) && value <= 1));
    t.is(fractions.at(-1), 1);
    // One probe for the whole solve.
    const drawn = steps
      .flatMap((step) => [...step.prepare, ...step.update])
      .filter((one) => one.op === "rademacher" || (one.op === "lincomb" && one.noise));
    t.is(drawn.length, options.probe.kind === "exact" ? 0 : 1);
    // The estimate of a preview is Tweedie's, of the evaluation's own input.
    for (const { evaluate, estimate } of evaluated) {
      const { input = -1, output = -1, time = -1 } = evaluate ?? {};
      const tweedies = tweedie(options.process, time, { out: preview, x: input, score: output });
      t.deepEqual(estimate, tweedies);
    }
  });
}

test("the first step is Hairer's on (x, delta), a vector of D + 1 elements", (t) => {
  const process = PROCESSES.vp;
  const { score, tangent } = exactModel(process, MIXTURE);
  for (const eps of [1e-5, 0.2]) {
    const { steps } = runRecorded({ eps, probe: { kind: "exact" } });
    // Three evaluations each: at eps, after the trial step, and at the first stage, 1/5 of the first step away.
    const [start, trialEnd, stage] = [0, 3, 6].map((i) => steps[i]?.evaluate?.time ?? Number.NaN);
    const slopeAt = (x: readonly number[], time: number): number[] => {
      const [a, half] = [process.driftCoefficient(time), process.diffusion(time) ** 2 / 2];
      const at = Float64Array.from(x);
      const s = score(at, time);
      const trace = sum(
        x.map(
          (_, i) =>
            tangent(
              at,
              time,
              Float64Array.from(x, (_x, j) => +(i === j)),
            )[i] ?? 0,
        ),
      );
      return [...x.map((value, i) => a * value - half * (s[i] ?? 0)), 3 * a - half * trace];
    };
    const scale = [...MIXED_POINT.map((value) => 1e-5 + 1e-5 * Math.abs(value)), 1e-5];
    const norm = (v: readonly number[]): number =>
      Math.sqrt(sum(v.map((value, i) => (value / (scale[i] ?? 0)) ** 2)) / 4);
    const first = slopeAt(MIXED_POINT, eps);
    const trial = (0.01 * norm([...MIXED_POINT, 0])) / norm(first);
    const moved = MIXED_POINT.map((value, i) => value + trial * (first[i] ?? 0));
    const second = slopeAt(moved, eps + trial);
    const change = norm(second.map((value, i) => (value - (first[i] ?? 0)) / trial));
    const size = Math.min(100 * trial, (0.01 / Math.max(norm(first), change)) ** (1 / 5));
    // float32 registers: 6e-8 of x, 1e-7 of the slopes, which the change divides by a trial step of 1e-4.
    const near = (seen = Number.NaN, truth = Number.NaN): boolean =>
      Math.abs(seen - truth) < 1e-3 * Math.abs(truth);
    t.is(start, eps);
    t.true(near((trialEnd ?? 0) - eps, trial), `${trialEnd} for ${eps + trial}`);
    t.true(near(5 * ((stage ?? 0) - eps), size), `${stage} for ${eps + size / 5}`);
  }
});

/** What a step reads must last, or have been written in the same step. */
function checkRegisters(
  t: ExecutionContext,
  steps: readonly Step[],
  lasting: number,
  count: number,
): void {
  const known = new Set([0]);
  const read = (register: number): void => {
    if (!known.has(register)) t.fail(`register ${register} is read before it is written`);
  };
  const write = (register: number): void => {
    if (!(register >= 0 && register < count)) t.fail(`there is no register ${register}`);
    known.add(register);
  };
  for (const { prepare, evaluate, update } of steps) {
    const run = (one: Step["prepare"][number]): void => {
      if (one.op === "lincomb") for (const [, register] of one.terms) read(register);
      if (one.op === "dot") [one.a, one.b].forEach(read);
      if (one.op === "scaled-norm") [one.v, one.x, one.y].forEach(read);
      if (one.op === "dequantize") read(one.x);
      if ("out" in one) write(one.out);
    };
    prepare.forEach(run);
    if (evaluate?.graph === "jvp") {
      [evaluate.input, evaluate.tangent].forEach(read);
      [evaluate.output, evaluate.tangentOutput].forEach(write);
    }
    update.forEach(run);
    for (const register of [...known]) if (register >= lasting) known.delete(register);
  }
}

test("the latent is the program's result, and its prior density is that of the values", (t) => {
  const { latent, values } = runRecorded({ probe: { kind: "rademacher", draw: 0 } });
  const squares = sum(Array.from(latent, (value) => value ** 2));
  const expected = -1.5 * Math.log(2 * Math.PI) - squares / 2;
  t.true(Math.abs((values.priorLogDensity ?? Number.NaN) - expected) < 1e-9);
});

test("levels become points of their own cells, another draw gives another point", (t) => {
  const process = PROCESSES.vp;
  const model = exactModel(process, MIXTURE);
  const levels = [0, 100, 255];
  const quantization = { low: -1, high: 1, bits: 8 };
  // No step is taken: with one Euler step, what the network is shown first is the point itself.
  const pointFrom = (draw: number): number[] => {
    let seen: number[] = [];
    const options = likelihoodOptions({
      ...{ process, dims: 3, solver: "euler", steps: 1, probe: { kind: "rademacher", draw: 0 } },
      dequantization: { ...quantization, draw },
    });
    const score = (x: Float32Array | Float64Array, t: number) => {
      seen = Array.from(x);
      return model.score(x, t);
    };
    likelihoodOf(options, { ...model, score }, levels);
    return seen;
  };
  const points = [1, 2, 1].map(pointFrom);
  t.deepEqual(points[0], points[2]);
  t.notDeepEqual(points[0], points[1]);
  for (const point of points) {
    for (const [i, level] of levels.entries()) {
      const share = ((point[i] ?? Number.NaN) + 1) * 128 - level;
      t.true(share > 0 && share < 1, `${share}`);
    }
  }
});

test("a failure is a sentence: too many evaluations, a tolerance, a network that gives no numbers", (t) => {
  const process = PROCESSES.vp;
  const model = exactModel(process, MIXTURE);
  const fails = (
    over: Partial<LogLikelihoodOptions>,
    message: RegExp,
    replaced: Partial<typeof model> = {},
  ): void => {
    const options = likelihoodOptions({ process, dims: 3, ...over });
    let evaluations = 0;
    const score: typeof model.score = (x, time) => {
      evaluations++;
      return model.score(x, time);
    };
    const solve = (): unknown =>
      likelihoodOf(options, { ...model, score, ...replaced }, MIXED_POINT);
    t.throws(solve, { instanceOf: SolverError, message });
    t.true(evaluations <= options.maxEvaluations, `${evaluations}`);
  };
  const probe = { kind: "rademacher", draw: 0 } as const;
  fails(
    { probe, maxEvaluations: 20 },
    /^the ODE solver used up its 20 evaluations at time 0\.\d+$/,
  );
  fails({ maxEvaluations: 60 }, /^the ODE solver used up its 60 evaluations at time 0\.\d+$/);
  fails(
    { maxEvaluations: 23 },
    /^the ODE solver takes at least 24 evaluations, and 23 are allowed$/,
  );
  const nothing = (x: ArrayLike<number>): Float64Array => Float64Array.from(x, () => Number.NaN);
  fails({ probe }, /step fell to .* the tolerance can't be met$/, { tangent: nothing });
  fails(
    { probe, solver: "heun" },
    /^the log-likelihood is not a finite number: prior -\d.*, divergence NaN$/,
    {
      tangent: nothing,
    },
  );
});

test("options out of range are refused", (t) => {
  const refused = (over: Partial<LogLikelihoodOptions>, message: RegExp): void => {
    const options = likelihoodOptions({ process: PROCESSES.vp, dims: 3, ...over });
    t.throws(() => logLikelihood(options), { instanceOf: RangeError, message });
  };
  refused({ dims: 0 }, /dims .* seen 0/);
  refused({ dims: 1.5 }, /dims .* seen 1\.5/);
  refused({ eps: 1 }, /eps .* seen 1/);
  refused({ relativeTolerance: 0 }, /tolerances .* seen 0 and/);
  refused({ solver: "heun", steps: 0 }, /steps .* seen 0/);
  const quantization = { low: 0, high: 1, bits: 8, draw: 0 };
  refused({ dequantization: { ...quantization, bits: 0 } }, /bits .* seen 0/);
  refused({ dequantization: { ...quantization, high: 0 } }, /low < high; seen 0 and 0/);
});
