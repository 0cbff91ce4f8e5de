/**
 * A register by number. Registers 0 .. registers.length - 1 of a program last from step to step;
 * those from there on are scratch: a step may write and read them, the next step finds them undefined.
 */
export type Register = number;

/** A summand `coefficient * register`. */
export type Term = readonly [coefficient: number, register: Register];

/** Which counter-based stream a draw comes from; see noise.ts. */
export interface Draw {
  /** Counts the draws of one trajectory: 0, 1, 2, ... A number used twice gives the same noise twice. */
  readonly draw: number;
}

/** out = sum of terms + noise.scale z, z ~ N(0, I). `out` may be one of the terms' registers. */
export interface LinearCombination {
  readonly op: "lincomb";
  readonly out: Register;
  readonly terms: readonly Term[];
  readonly noise?: Draw & { readonly scale: number };
}

/**
 * One Langevin step with the step size of the signal-to-noise rule, from the norms of THIS trajectory:
 * e = 2 alpha (signalToNoise |z| / |score|)^2, out = x + e score + sqrt(2 e) z. A score of norm 0 gives e = 0.
 * Its scalar is e.
 *
 * @see Song et al. 2021, algorithms 4 and 5.
 */
export interface Langevin extends Draw {
  readonly op: "langevin";
  readonly out: Register;
  readonly x: Register;
  readonly score: Register;
  readonly signalToNoise: number;
  readonly alpha: number;
}

/** A vector operation on the registers of one trajectory. An instruction sees what those before it wrote. */
export type Instruction = LinearCombination | Langevin;

/** The register that an instruction writes. */
export function written(instruction: Instruction): Register {
  return instruction.out;
}

/** Whether an instruction returns a scalar to its program. */
export function returnsScalar(instruction: Instruction): boolean {
  switch (instruction.op) {
    case "lincomb":
      return false;
    case "langevin":
      return true;
  }
}
