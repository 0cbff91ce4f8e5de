import { fillUniform, type Noise, uniformNumber } from "../sde/index.ts";
import type { BatchContext } from "./batch.ts";
import type { RowStep } from "./protocol.ts";
import { RowRegisters } from "./row-registers.ts";

/** One row while its step runs. */
export interface OpenRow {
  readonly step: RowStep;
  readonly registers: RowRegisters;
  readonly noise: Noise;
  readonly scalars: number[];
  finite: boolean;
}

/** @param z float32[dims], lent to the rows of a batch in turn */
export function openRow(
  step: RowStep,
  dims: number,
  z: Float32Array,
  { slab, fillNormal }: BatchContext,
): OpenRow {
  const { seed, sample } = step;
  return {
    step,
    registers: new RowRegisters(slab, step, dims),
    noise: {
      normals: (draw) => {
        fillNormal(z, { seed, sample, draw });
        return z;
      },
      uniforms: (draw) => {
        fillUniform(z, { seed, sample, draw });
        return z;
      },
      uniform: (draw) => uniformNumber({ seed, sample, draw }),
    },
    scalars: [],
    finite: true,
  };
}
