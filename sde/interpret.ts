import type { Instruction, Register } from "./instruction.ts";
import { execute, type Noise, type RegisterAccess, type Vector } from "./kernels.ts";
import { type FillNormal, fillNormal, fillUniform, uniformNumber } from "./noise.ts";
import type { Program, ProgramValues, Scalars } from "./program.ts";

/** score(x, t), elementwise as long as x. Must not keep or change x. */
export type Score = (x: Vector, t: number) => Vector;

/** J v, J = d score / dx at (x, t), elementwise as long as x. Must not keep or change x and v. */
export type ScoreTangent = (x: Vector, t: number, v: Vector) => Vector;

export interface InterpretOptions {
  readonly dims: number;
  readonly seed: bigint;
  readonly sample: number;
  /** Element type of the registers; default float32, as in the server. */
  readonly precision?: "float32" | "float64";
  /** Called with Tweedie's estimate after each evaluation; it must copy what it keeps. */
  readonly onEstimate?: (estimate: Vector, t: number) => void;
  readonly fill?: FillNormal;
  /** What the program's `inputs` are filled with, `dims` elements each. */
  readonly inputs?: readonly ArrayLike<number>[];
  /** For programs that evaluate "jvp". */
  readonly tangent?: ScoreTangent;
  /** Called with the numbers that the program answers with, if it does. */
  readonly onValues?: (values: ProgramValues["values"]) => void;
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
  const { inputs = [], tangent, onValues } = options;
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
    uniforms: (draw) => {
      fillUniform(z, { seed, sample, draw });
      return z;
    },
    uniform: (draw) => uniformNumber({ seed, sample, draw }),
  };
  const runAll = (instructions: readonly Instruction[]): number[] =>
    instructions
      .map((instruction) => execute(instruction, registers, noise))
      .filter((scalar) => scalar !== undefined);

  for (const [i, input] of program.inputs.entries()) register(input).set(inputs[i] ?? []);
  const steps = program.steps();
  let scalars: Scalars = [];
  for (;;) {
    const next = steps.next(scalars);
    if (next.done) {
      if (next.value !== undefined && "failure" in next.value) {
        throw new SolverError(next.value.failure);
      }
      if (next.value !== undefined) onValues?.(next.value.values);
      return register(program.result);
    }
    const step = next.value;
    const prepared = runAll(step.prepare);
    if (step.evaluate !== undefined) {
      const { input, time, output } = step.evaluate;
      register(output).set(score(register(input), time));
      if (step.evaluate.graph === "jvp") {
        if (tangent === undefined) throw new RangeError("the program asks for tangents");
        const direction = register(step.evaluate.tangent);
        register(step.evaluate.tangentOutput).set(tangent(register(input), time, direction));
      }
      if (step.estimate !== undefined && onEstimate !== undefined) {
        runAll([step.estimate]);
        onEstimate(register(program.preview), time);
      }
    }
    scalars = [...prepared, ...runAll(step.update)];
  }
}
