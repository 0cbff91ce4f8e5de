import type { Instruction, Langevin, LinearCombination, Register } from "./instruction.ts";

/** One register's elements: float32 in the server, float64 where a test wants the mathematics alone. */
export type Vector = Float32Array | Float64Array;

/**
 * The registers of one trajectory during one step. `read` gives the newest version; `write` gives where the new
 * one goes, which may be the same memory: every kernel is elementwise, so it may read and write in place.
 */
export interface RegisterAccess {
  read(register: Register): Vector;
  write(register: Register): Vector;
}

/** Standard normals of one draw of this trajectory, float32[dims]; overwritten by the next call. */
export type Normals = (draw: number) => Float32Array;

/**
 * Runs one instruction. Sums are taken in float64 in element order, so a trajectory's numbers do not depend on its
 * company.
 *
 * @returns the instruction's scalar, or undefined where it has none
 */
export function execute(
  instruction: Instruction,
  registers: RegisterAccess,
  normals: Normals,
): number | undefined {
  switch (instruction.op) {
    case "lincomb":
      linearCombination(instruction, registers, normals);
      return undefined;
    case "langevin":
      return langevin(instruction, registers, normals);
  }
}

function linearCombination(
  { out, terms, noise }: LinearCombination,
  registers: RegisterAccess,
  normals: Normals,
): void {
  const scale = noise?.scale ?? 0;
  const z = noise === undefined || scale === 0 ? undefined : normals(noise.draw);
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

function langevin(instruction: Langevin, registers: RegisterAccess, normals: Normals): number {
  const x = registers.read(instruction.x);
  const score = registers.read(instruction.score);
  const z = normals(instruction.draw);
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
