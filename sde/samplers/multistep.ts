import type { LinearCondition } from "../conditions/linear-condition.ts";
import type { Instruction, Register, Term } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { gridMarginal, logSnrStep } from "../processes/transition.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Program } from "../program.ts";
import { beginAt, type Moves, type NextDraw, type SamplerRegisters } from "./moves.ts";
import { samplerProgram } from "./sampler-program.ts";
import { type TimeGridName, timeAt, timeGrid } from "./time-grid.ts";
import { type UnipcWeights, unipcCorrector, unipcPredictor } from "./unipc.ts";

export type MultistepMethod = "ddim" | "dpm-solver++2m" | "dpm-solver++2m-sde" | "unipc";

export interface MultistepOptions {
  readonly process: ForwardProcess;
  readonly method: MultistepMethod;
  /** Evaluations, an integer >= 1. */
  readonly steps: number;
  readonly timeGrid: TimeGridName;
  /** In (0, T). */
  readonly eps: number;
  /** Share of noise drawn anew, >= 0: 0 is the ODE, 1 the reverse SDE. "unipc" and "dpm-solver++2m" have none. */
  readonly eta: number;
  /** Of "unipc": 1, 2 or 3. */
  readonly order: number;
  /** What is known of the picture. */
  readonly condition?: LinearCondition | undefined;
}

/** First of the registers of data predictions D = E[x_0 | x_t], the newest in the place of the oldest. */
const PREDICTIONS = 1;

/** How many predictions a step looks at: UniPC's corrector sees its order of them and the one at the step's end. */
function remembered({ method, order }: MultistepOptions): number {
  switch (method) {
    case "ddim":
      return 1;
    case "dpm-solver++2m":
    case "dpm-solver++2m-sde":
      return 2;
    case "unipc":
      return order + 1;
  }
}

/** x' = state x + sum_k predictions_k D_k + noise z, D_0 newest. */
interface Update {
  readonly state: number;
  readonly predictions: readonly number[];
  readonly noise: number;
}

/** Where a step stands. */
interface Place {
  readonly options: MultistepOptions;
  readonly times: Float64Array;
  readonly i: number;
}

/** h of step i; step -1 and before there are none. */
function stepLength({ options, times }: Place, i: number): number {
  return logSnrStep(options.process, timeAt(times, i), timeAt(times, i + 1));
}

/**
 * DDIM with eta: the first-order exponential integrator; with eta 1, ancestral sampling.
 *
 * @see Song, Meng and Ermon 2021, "Denoising Diffusion Implicit Models", equation 12.
 */
function ddim(place: Place): Update {
  const { options, times, i } = place;
  const { process, eta } = options;
  const [from, to] = [
    process.marginal(timeAt(times, i)),
    gridMarginal(process, timeAt(times, i + 1)),
  ];
  const noise = eta * to.std * Math.sqrt(-Math.expm1(-2 * stepLength(place, i)));
  const state = Math.sqrt(Math.max(0, to.std ** 2 - noise ** 2)) / from.std;
  return { state, predictions: [to.mean - state * from.mean], noise };
}

/**
 * DPM-Solver++(2M), and with eta its SDE variant: second order from the last two predictions.
 *
 * @see Lu et al. 2022, "DPM-Solver++", algorithm 2 and appendix B; k-diffusion for eta.
 */
function dpmSolver2m(place: Place): Update {
  const { options, times, i } = place;
  const { process, method } = options;
  const eta = method === "dpm-solver++2m-sde" ? options.eta : 0;
  const [from, to] = [
    process.marginal(timeAt(times, i)),
    gridMarginal(process, timeAt(times, i + 1)),
  ];
  const h = stepLength(place, i);
  const whole = -to.mean * Math.expm1(-h * (1 + eta));
  const state = (to.std / from.std) * Math.exp(-eta * h);
  const noise = to.std * Math.sqrt(-Math.expm1(-2 * eta * h));
  if (i === 0) return { state, predictions: [whole], noise };
  const slope = (0.5 * whole * h) / stepLength(place, i - 1);
  return { state, predictions: [whole + slope, -slope], noise };
}

/** (l_{i-k} - l_i) / h for k = 1 .. count. */
function ratios(place: Place, count: number): number[] {
  const h = stepLength(place, place.i);
  let behind = 0;
  return Array.from({ length: count }, (_, k) => {
    behind -= stepLength(place, place.i - 1 - k);
    return behind / h;
  });
}

/** The order of step i: it grows from 1 as predictions come in, and falls to 1 for the last. */
function unipcOrder({ options, i }: Place): number {
  return Math.min(options.order, i + 1, options.steps - i);
}

function unipcUpdate(
  place: Place,
  weights: (order: number) => UnipcWeights,
): Update & { end: number } {
  const { options, times, i } = place;
  const { process } = options;
  const [from, to] = [
    process.marginal(timeAt(times, i)),
    gridMarginal(process, timeAt(times, i + 1)),
  ];
  const { history, end } = weights(unipcOrder(place));
  return {
    state: to.std / from.std,
    predictions: history.map((weight) => to.mean * weight),
    noise: 0,
    end: to.mean * end,
  };
}

function predict(place: Place): Update {
  const h = stepLength(place, place.i);
  switch (place.options.method) {
    case "ddim":
      return ddim(place);
    case "dpm-solver++2m":
    case "dpm-solver++2m-sde":
      return dpmSolver2m(place);
    case "unipc":
      return unipcUpdate(place, (order) => unipcPredictor({ h, ratios: ratios(place, order - 1) }));
  }
}

/** UniC of the step before, once its end has been evaluated: x' = state base + sum predictions D + end D_now. */
function correct(place: Place): Update & { end: number } {
  const before = { ...place, i: place.i - 1 };
  const h = stepLength(before, before.i);
  return unipcUpdate(before, (order) => unipcCorrector({ h, ratios: ratios(before, order - 1) }));
}

/**
 * The fast solvers that cost one evaluation a step, on predictions of the data, for every process: they use its
 * marginals alone. The step to time 0 returns the last prediction.
 *
 * @throws RangeError for steps, eps, eta or an order out of range, or a condition that can't be
 */
export function multistep(options: MultistepOptions): Program {
  const { process, method, steps, order, eta, eps } = options;
  if (![1, 2, 3].includes(order)) throw new RangeError(`order must be 1, 2 or 3; seen ${order}`);
  if (!(eta >= 0 && Number.isFinite(eta))) throw new RangeError(`eta must be >= 0; seen ${eta}`);
  if (method === "ddim" && eta > 1)
    throw new RangeError(`DDIM's eta must be at most 1; seen ${eta}`);
  const times = timeGrid(options.timeGrid, process, eps, steps);
  // UniPC corrects from the state before the step, which it keeps.
  const predictions = Array.from({ length: remembered(options) }, (_, k) => `prediction ${k}`);
  const base = method === "unipc" ? ["base"] : [];
  return samplerProgram({
    process,
    own: ["x", ...predictions, ...base],
    condition: options.condition,
    evaluations: steps,
    moves: (registers, nextDraw) => moves(options, times, registers, nextDraw),
  });
}

function* moves(
  options: MultistepOptions,
  times: Float64Array,
  registers: SamplerRegisters,
  nextDraw: NextDraw,
): Moves {
  const { process, method, steps } = options;
  const { x, score } = registers;
  const count = remembered(options);
  const base = PREDICTIONS + count;
  /** Register of D_k at step i, D_0 newest. */
  const prediction = (i: number, k: number): Register => PREDICTIONS + ((i - k + count) % count);
  const terms = (i: number, weights: readonly number[]): Term[] =>
    weights.map((weight, k): Term => [weight, prediction(i, k)]);

  for (let i = 0; i < steps; i++) {
    const t = timeAt(times, i);
    const update: Instruction[] = [];
    const last = i === steps - 1;
    const predicted = prediction(i, 0);
    update.push(tweedie(process, t, { out: last ? x : predicted, x, score }));
    if (!last) {
      const place = { options, times, i };
      const unipc = method === "unipc";
      if (unipc && i > 0) {
        const { state, predictions, end } = correct(place);
        const history = terms(i - 1, predictions);
        update.push({
          op: "lincomb",
          out: base,
          terms: [[state, base], ...history, [end, predicted]],
        });
      } else if (unipc) {
        update.push({ op: "lincomb", out: base, terms: [[1, x]] });
      }
      const { state, predictions, noise } = predict(place);
      update.push({
        op: "lincomb",
        out: x,
        terms: [[state, unipc ? base : x], ...terms(i, predictions)],
        ...(noise > 0 && { noise: { draw: nextDraw(), scale: noise } }),
      });
    }
    yield { ...beginAt(process, t, registers), update };
  }
}
