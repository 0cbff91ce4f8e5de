import type { Instruction, Register } from "../instruction.ts";
import { type ForwardProcess, sigmaAt } from "../processes/forward-process.ts";
import type { Shape } from "./shape.ts";
import { checkTransform, type TransformName } from "./transform.ts";

/**
 * Some coordinates of Q x are known. Which ones and their values are data, two vectors that a program takes in its last
 * two inputs: `known`, then `mask`, as a `Measurement` has them.
 */
export interface LinearCondition {
  /** Q */
  readonly transform: TransformName;
  readonly shape: Shape;
  /** Where given, groups with a known mean end within it, and keep their mean as they are clipped to it. */
  readonly dataRange?: readonly [low: number, high: number] | undefined;
  /** The std of the known coordinates' own error, independent and normal, >= 0; default 0. */
  readonly noise?: number | undefined;
}

/** @throws RangeError where the transform is not defined for the shape, or the range or the noise can't be */
export function checkCondition({ transform, shape, dataRange, noise = 0 }: LinearCondition): void {
  checkTransform(transform, shape);
  if (dataRange !== undefined && !(dataRange[0] < dataRange[1])) {
    throw new RangeError(`a data range must rise; seen ${dataRange[0]}, ${dataRange[1]}`);
  }
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new RangeError(`the noise of a condition must be >= 0; seen ${noise}`);
  }
}

/** What a condition does to a sampler's state, as instructions. */
export interface Imposition {
  /** x at time t, t in (0, T], gets its known coordinates. Asked for in the order of the steps. */
  at(t: number): readonly Instruction[];
  /** x at the end gets them. */
  readonly end: readonly Instruction[];
}

/** Without a condition. */
export const NOTHING_IMPOSED: Imposition = { at: () => [], end: [] };

export interface ImpositionRegisters {
  readonly x: Register;
  readonly known: Register;
  readonly mask: Register;
  /** Loses what it holds. */
  readonly scratch: Register;
}

/**
 * The known coordinates y at time t are mean(t) y + std(t) z, z drawn anew at each time, and at the end y.
 *
 * A y with an error of its own, of std s, is itself a draw of x_t / mean(t) at the time at which std(t) / mean(t) = s.
 * So before that only the noise that is missing is added, sqrt(std(t)^2 - mean(t)^2 s^2), and after it nothing is
 * imposed: what the coordinates are beneath their error is the model's to say.
 *
 * @param nextDraw numbers of the condition's own draws
 */
export function imposition(
  process: ForwardProcess,
  { transform, shape, dataRange, noise = 0 }: LinearCondition,
  { x, known, mask, scratch }: ImpositionRegisters,
  nextDraw: () => number,
): Imposition {
  const registers = { out: x, x, known, mask };
  const impute = { op: "impute", ...registers, scratch, transform, shape } as const;
  const end: Instruction[] = [];
  if (noise === 0) end.push({ ...impute, mean: 1 });
  if (noise === 0 && dataRange !== undefined && transform !== "identity") {
    const [low, high] = dataRange;
    end.push({ op: "fit-range", ...registers, transform, shape, low, high });
  }
  return {
    at: (t) => {
      if (sigmaAt(process, t) < noise) return [];
      const { mean, std } = process.marginal(t);
      const scale = noise === 0 ? std : Math.sqrt(Math.max(0, std ** 2 - (mean * noise) ** 2));
      return [{ ...impute, mean, noise: { draw: nextDraw(), scale } }];
    },
    end,
  };
}
