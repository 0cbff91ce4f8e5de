import type { Instruction, Register } from "../instruction.ts";
import { cellWidth, checkQuantization, type Quantization } from "../likelihood/bits-per-dim.ts";
import { divergence, drawProbe, type Probe } from "../likelihood/divergence.ts";
import { priorLogDensity } from "../processes/forward-process.ts";
import type { Program, Steps } from "../program.ts";
import { type Moves, stepsOf } from "../samplers/moves.ts";
import { timeAt } from "../samplers/time-grid.ts";
import { adaptiveSteps, type FlowRegisters } from "./adaptive-flow.ts";
import {
  checkFlow,
  type FlowSettings,
  fixedCost,
  fixedLasting,
  fixedStep,
  fixedTimes,
} from "./probability-flow.ts";
import { meanSlope } from "./quadrature.ts";
import { DORMAND_PRINCE } from "./runge-kutta-tableau.ts";

export interface LogLikelihoodOptions extends FlowSettings {
  /** D, the elements of a register. */
  readonly dims: number;
  /** How the divergence is taken. */
  readonly probe: Probe;
  /**
   * Given, the input holds levels 0 .. 2^bits - 1 and u ~ U(0, 1)^D makes them points of their cells; not given, the
   * input is a point in data space.
   */
  readonly dequantization?: Quantization & { readonly draw: number };
}

/** What a program of `logLikelihood` answers with, in nats: log p(x) is their sum. */
export interface LogLikelihoodValues {
  /** log of the prior's density at the latent x_T. */
  readonly priorLogDensity: number;
  /** The integral of the flow's divergence from eps to T. */
  readonly divergence: number;
}

const X = 0;

/**
 * log p(x) of one image with one dequantisation draw and one probe, by the change of variables along the probability
 * flow from eps up to T:
 *
 *   log p_eps(x) = log N(x_T; 0, priorStd^2 I) + integral of div f dt,  f = a x - g^2 s / 2.
 *
 * Its one input is x, or its levels; its result is the latent x_T, its values are LogLikelihoodValues. x is in the
 * registers; the integral is a number of the control flow, in float64, and an element of the vector (x, integral) whose
 * error "rk45" controls. An evaluation is one of the score and its derivative together; an exact probe takes D for one.
 *
 * @throws RangeError for an option out of range
 * @see Song et al. 2021, section 4.3 and appendix D.2; Grathwohl et al. 2019, section 3.
 */
export function logLikelihood(options: LogLikelihoodOptions): Program {
  const { dims, dequantization } = options;
  checkFlow(options);
  if (!(Number.isInteger(dims) && dims >= 1)) {
    throw new RangeError(`dims must be an integer of at least 1; seen ${dims}`);
  }
  if (dequantization !== undefined) checkQuantization(dequantization);
  return options.solver === "rk45" ? adaptive(options) : fixed(options);
}

/** The registers behind those of the flow: the probe lasts unless it is exact, when each step writes its own. */
function layout(options: LogLikelihoodOptions, flow: readonly string[]) {
  const exact = options.probe.kind === "exact";
  const lasting = [...flow, ...(exact ? [] : ["probe"]), "preview"];
  const preview = lasting.length - 1;
  const [score, product, difference] = [preview + 1, preview + 2, preview + 3];
  return {
    lasting,
    scratch: exact ? 4 : 3,
    registers: { x: X, preview, score, product, difference },
    probe: exact ? preview + 4 : flow.length,
  };
}

function adaptive(options: LogLikelihoodOptions): Program {
  const { process, eps, dims, controller = "i" } = options;
  const stages = DORMAND_PRINCE.a.map((_, i) => 2 + i);
  const flow = ["x", "proposal", ...stages.map((_, i) => `slope ${i + 1}`)];
  const { lasting, scratch, registers, probe } = layout(options, flow);
  const { product } = registers;
  const quadrature = divergence(process, dims, options.probe, { probe, product });
  const problem = { ...options, from: eps, to: process.endTime, controller, quadrature };
  const flowRegisters: FlowRegisters = { ...registers, proposal: 1, stages };
  return {
    registers: lasting,
    preview: registers.preview,
    scratch,
    inputs: [X],
    result: X,
    evaluations: undefined,
    steps: () =>
      adaptiveSteps(problem, flowRegisters, start(options, probe), (x, integral) =>
        answer(options, x, integral),
      ),
  };
}

function fixed(options: LogLikelihoodOptions): Program {
  const { process, dims, solver, steps } = options;
  const { lasting, scratch, registers, probe } = layout(options, fixedLasting(solver));
  const { product } = registers;
  const quadrature = divergence(process, dims, options.probe, { probe, product });
  const times = fixedTimes({ ...options, direction: "encode" });
  const evaluations = steps * fixedCost(solver) * quadrature.cost;

  function* allSteps(): Steps {
    let integral = 0;
    function* moves(): Moves {
      for (let i = 0; i < steps; i++) {
        const [t, next] = [timeAt(times, i), timeAt(times, i + 1)];
        const step = fixedStep(solver, process, t, next, registers);
        integral += (next - t) * (yield* meanSlope(quadrature, step));
      }
    }
    yield* stepsOf(start(options, probe), moves(), evaluations);
    return yield* answer(options, X, integral);
  }

  return {
    registers: lasting,
    preview: registers.preview,
    scratch,
    inputs: [X],
    result: X,
    evaluations,
    steps: allSteps,
  };
}

function start({ dequantization, probe }: LogLikelihoodOptions, v: Register): Instruction[] {
  const levels: Instruction[] = [];
  if (dequantization !== undefined) {
    const { low, draw } = dequantization;
    const scale = cellWidth(dequantization);
    levels.push({ op: "dequantize", out: X, x: X, draw, offset: low, scale });
  }
  return [...levels, ...drawProbe(probe, v)];
}

/** One step without an evaluation: the latent to its register, and its density. */
function* answer({ process, dims }: LogLikelihoodOptions, x: Register, integral: number): Steps {
  const move: Instruction[] = x === X ? [] : [{ op: "lincomb", out: X, terms: [[1, x]] }];
  const scalars = yield {
    prepare: [...move, { op: "dot", a: X, b: X }],
    update: [],
    fraction: 1,
  };
  const values = {
    priorLogDensity: priorLogDensity(process, scalars[0] ?? Number.NaN, dims),
    divergence: integral,
  } satisfies LogLikelihoodValues;
  if (!Number.isFinite(values.priorLogDensity + values.divergence)) {
    return {
      failure: `the log-likelihood is not a finite number: prior ${values.priorLogDensity}, divergence ${values.divergence}`,
    };
  }
  return { values };
}
