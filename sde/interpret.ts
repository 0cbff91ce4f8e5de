import type { Instruction, Register } from "./instruction.ts";
import { execute, type Noise, type RegisterAccess, type Vector } from "./kernels.ts";
import { type FillNormal, fillNormal, uniformNumber } from "./noise.ts";
import type { Program, Scalars } from "./program.ts";

/** score(x, t), elementwise as long as x. Must not keep or change x. */
export type Score = (x: Vector, t: number) => Vector;

export interface InterpretOptions {
  readonly dims: number;
  readonly seed: bigint;
  readonly sample: number;
  /** Element type of the registers; default float32, as in the server. */
  readonly precision?: "float32" | "float64";
  /** Called with Tweedie's estimate after each evaluation; it must copy what it keeps. */
  readonly onEstimate?: (estimate: Vector, t: number) => void;
  readonly fill?: FillNormal;
  /** Start of a program that is given one, `dims` elements. */
  readonly input?: ArrayLike<number>;
}

/** A program's numerical failure: its message is the sentence that its user reads. */
export class SolverError extends Error {
  override readonly name = "SolverError";
}

/**
 * Runs a program to its end in this thread against any score function: the same instructions, kernels and noise
 * bits as the server's workers, with no server.
 *
 * @returns the result register, a vector of `dims` elements that the caller owns
 * @throws SolverError where the program ends in a failure
 */
export function interpret(program: Program, score: Score, options: InterpretOptions): Vector {
  const { dims, seed, sample, precision = "float32", onEstimate, fill = fillNormal } = options;
  const vectors = Array.from(
    { length: program.registers.length + program.scratch },
    (): Vector => (precision === "float32" ? new Float32Array(dims) : new Float64Array(dims)),
  );
  const register = (r: Register): Vector => {
    const vector = vectors[r];
    if (vector === undefined) throw new RangeError(`the program has no register ${r}`);
    return vector;
  };
  const registers: RegisterAccess = { read: register, write: register };
  const z = new Float32Array(dims);
  const noise: Noise = {
    normals: (draw) => {
      fill(z, { seed, sample, draw });
      return z;
    },
    uniform: (draw) => uniformNumber({ seed, sample, draw }),
  };
  const runAll = (instructions: readonly Instruction[]): number[] =>
    instructions
      .map((instruction) => execute(instruction, registers, noise))
      .filter((scalar) => scalar !== undefined);

  if (program.input !== undefined) register(program.input).set(options.input ?? []);
  const steps = program.steps();
  let scalars: Scalars = [];
  for (;;) {
    const next = steps.next(scalars);
    if (next.done) {
      if (next.value !== undefined) throw new SolverError(next.value.failure);
      return register(program.result);
    }
    const step = next.value;
    const prepared = runAll(step.prepare);
    if (step.evaluate !== undefined) {
      const { input, time, output } = step.evaluate;
      register(output).set(score(register(input), time));
      if (step.estimate !== undefined && onEstimate !== undefined) {
        runAll([step.estimate]);
        onEstimate(register(program.preview), time);
      }
    }
    scalars = [...prepared, ...runAll(step.update)];
  }
}
