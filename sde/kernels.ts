import { fitRange } from "./conditions/fit-range.ts";
import { impute } from "./conditions/impute.ts";
import type {
  Dequantize,
  Dot,
  Instruction,
  Langevin,
  LinearCombination,
  Register,
  ScaledNorm,
} from "./instruction.ts";

/** One register's elements: float32 in the server, float64 where a test wants the mathematics alone. */
export type Vector = Float32Array | Float64Array;

/**
 * The registers of one trajectory during one step. `read` gives the newest version; `write` gives where the new
 * one goes, which may be the same memory: every kernel is elementwise but for its scratch registers, so it may read
 * and write in place.
 */
export interface RegisterAccess {
  read(register: Register): Vector;
  write(register: Register): Vector;
}

/** The random numbers of one trajectory. */
export interface Noise {
  /** Standard normals of a draw, float32[dims]; overwritten by the next call. */
  normals(draw: number): Float32Array;
  /** Numbers uniform in (0, 1) of a draw, float32[dims]; overwritten by the next call, of `normals` too. */
  uniforms(draw: number): Float32Array;
  /** A number uniform in (0, 1). */
  uniform(draw: number): number;
}

/**
 * Runs one instruction. Sums are taken in float64 in element order, so a trajectory's numbers do not depend on its
 * company.
 *
 * @returns the instruction's scalar, or undefined where it has none
 */
export function execute(
  instruction: Instruction,
  registers: RegisterAccess,
  noise: Noise,
): number | undefined {
  switch (instruction.op) {
    case "lincomb":
      linearCombination(instruction, registers, noise);
      return undefined;
    case "langevin":
      return langevin(instruction, registers, noise);
    case "dot":
      return dot(instruction, registers);
    case "scaled-norm":
      return scaledNorm(instruction, registers);
    case "uniform":
      return noise.uniform(instruction.draw);
    case "dequantize":
      dequantize(instruction, registers, noise);
      return undefined;
    case "rademacher":
      registers.write(instruction.out).set(noise.normals(instruction.draw).map(signOf));
      return undefined;
    case "basis":
      registers.write(instruction.out).fill(0)[instruction.element] = 1;
      return undefined;
    case "impute":
      impute(instruction, registers, noise);
      return undefined;
    case "fit-range":
      fitRange(instruction, registers);
      return undefined;
  }
}

function linearCombination(
  { out, terms, noise: draw }: LinearCombination,
  registers: RegisterAccess,
  noise: Noise,
): void {
  const scale = draw?.scale ?? 0;
  const z = draw === undefined || scale === 0 ? undefined : noise.normals(draw.draw);
  const inputs = terms.map(([, register]) => registers.read(register));
  const result = registers.write(out);
  const [first, second] = inputs;
  if (first !== undefined && second !== undefined && inputs.length === 2) {
    combineTwo(result, terms[0]![0], first, terms[1]![0], second, scale, z);
    return;
  }
  const coefficients = terms.map(([coefficient]) => coefficient);
  for (let e = 0; e < result.length; e++) {
    let sum = z === undefined ? 0 : scale * z[e]!;
    for (let k = 0; k < inputs.length; k++) sum += coefficients[k]! * inputs[k]![e]!;
    result[e] = sum;
  }
}

/** The shape that nearly every step has, without an inner loop. */
function combineTwo(
  result: Vector,
  a: number,
  x: Vector,
  b: number,
  y: Vector,
  scale: number,
  z: Float32Array | undefined,
): void {
  if (z === undefined) {
    for (let e = 0; e < result.length; e++) result[e] = a * x[e]! + b * y[e]!;
  } else {
    for (let e = 0; e < result.length; e++) result[e] = scale * z[e]! + a * x[e]! + b * y[e]!;
  }
}

function langevin(instruction: Langevin, registers: RegisterAccess, noise: Noise): number {
  const x = registers.read(instruction.x);
  const score = registers.read(instruction.score);
  const z = noise.normals(instruction.draw);
  const result = registers.write(instruction.out);
  const scoreNorm = Math.sqrt(squaredNorm(score));
  const ratio = scoreNorm === 0 ? 0 : Math.sqrt(squaredNorm(z)) / scoreNorm;
  const stepSize = 2 * instruction.alpha * (instruction.signalToNoise * ratio) ** 2;
  combineTwo(result, 1, x, stepSize, score, Math.sqrt(2 * stepSize), z);
  return stepSize;
}

/** |v|^2 in float64. */
export function squaredNorm(v: Vector): number {
  let sum = 0;
  for (let e = 0; e < v.length; e++) sum += v[e]! * v[e]!;
  return sum;
}

function dot(instruction: Dot, registers: RegisterAccess): number {
  const a = registers.read(instruction.a);
  const b = registers.read(instruction.b);
  let sum = 0;
  for (let e = 0; e < a.length; e++) sum += a[e]! * b[e]!;
  return sum;
}

function scaledNorm(instruction: ScaledNorm, registers: RegisterAccess): number {
  const { relative, absolute } = instruction;
  const v = registers.read(instruction.v);
  const x = registers.read(instruction.x);
  const y = registers.read(instruction.y);
  let sum = 0;
  for (let e = 0; e < v.length; e++) {
    const scale = absolute + relative * Math.max(Math.abs(x[e]!), Math.abs(y[e]!));
    sum += (v[e]! / scale) ** 2;
  }
  return Math.sqrt(sum / v.length);
}

function signOf(value: number): number {
  return value < 0 ? -1 : 1;
}

function dequantize(
  { out, x, draw, offset, scale }: Dequantize,
  registers: RegisterAccess,
  noise: Noise,
): void {
  const levels = registers.read(x);
  const u = noise.uniforms(draw);
  const result = registers.write(out);
  for (let e = 0; e < result.length; e++) result[e] = offset + scale * (levels[e]! + u[e]!);
}
