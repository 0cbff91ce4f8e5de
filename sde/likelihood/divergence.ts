import type { Quadrature, SlopeOutcome } from "../flow/quadrature.ts";
import type { Dot, Instruction, Register } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import type { Evaluation, Scalars } from "../program.ts";
import type { Move } from "../samplers/moves.ts";

/**
 * How the trace of the score's derivative J is taken. "rademacher" and "gaussian": v^T J v with one v for the whole
 * solve, whose mean over v is the trace (Hutchinson); Rademacher's variance is the smaller, 2 sum_{i != j} J_ij^2 beside
 * 2 sum_ij J_ij^2. "exact": sum_i e_i^T J e_i, at D evaluations for one.
 *
 * @see Song et al. 2021, appendix D.2; Hutchinson 1990.
 */
export type Probe =
  | { readonly kind: "rademacher" | "gaussian"; readonly draw: number }
  | { readonly kind: "exact" };

/** Registers of a divergence. The probe lasts from step to step, save where it is exact. */
export interface DivergenceRegisters {
  readonly probe: Register;
  /** J v; scratch. */
  readonly product: Register;
}

/** Draws the probe, once for the solve; nothing where it is exact. */
export function drawProbe(probe: Probe, out: Register): readonly Instruction[] {
  if (probe.kind === "exact") return [];
  const { draw } = probe;
  if (probe.kind === "rademacher") return [{ op: "rademacher", out, draw }];
  return [{ op: "lincomb", out, terms: [], noise: { draw, scale: 1 } }];
}

/**
 * The divergence of the probability flow, a(t) D - g(t)^2 tr(J) / 2, as a scalar to be integrated with it. It turns each
 * evaluation of the score into one of "jvp", or D of them.
 *
 * @param dims D
 * @see Song et al. 2021, appendix D.2, equations 39 and 40.
 */
export function divergence(
  process: ForwardProcess,
  dims: number,
  probe: Probe,
  { probe: v, product }: DivergenceRegisters,
): Quadrature {
  const share = 1 / (dims + 1);
  const dot: Dot = { op: "dot", a: v, b: product };
  const slopeOf = (time: number, trace: number): number =>
    process.driftCoefficient(time) * dims - (process.diffusion(time) ** 2 / 2) * trace;
  const along = ({ input, time, output }: Evaluation): Evaluation => ({
    ...{ graph: "jvp", input, time, output, tangent: v, tangentOutput: product },
  });

  function* hutchinson<S extends Move>(step: S): Generator<S, SlopeOutcome, Scalars> {
    if (step.evaluate === undefined) return { slope: 0, scalars: yield step };
    const { time } = step.evaluate;
    const evaluate = along(step.evaluate);
    const scalars = yield { ...step, evaluate, update: [...step.update, dot] };
    return { slope: slopeOf(time, lastOf(scalars)), scalars: scalars.slice(0, -1) };
  }

  /** The step's own instructions come before the first evaluation and after the last. */
  function* exact<S extends Move>(step: S): Generator<S, SlopeOutcome, Scalars> {
    if (step.evaluate === undefined) return { slope: 0, scalars: yield step };
    const { time } = step.evaluate;
    const evaluate = along(step.evaluate);
    let trace = 0;
    let scalars: Scalars = [];
    for (let element = 0; element < dims; element++) {
      const prepare = element === 0 ? (step.prepare ?? []) : [];
      const update = element === dims - 1 ? step.update : [];
      scalars = yield {
        ...step,
        prepare: [...prepare, { op: "basis", out: v, element }],
        evaluate,
        update: [...update, dot],
      };
      trace += lastOf(scalars);
    }
    return { slope: slopeOf(time, trace), scalars: scalars.slice(0, -1) };
  }

  return probe.kind === "exact"
    ? { share, cost: dims, run: exact }
    : { share, cost: 1, run: hutchinson };
}

function lastOf(scalars: Scalars): number {
  return scalars.at(-1) ?? Number.NaN;
}
