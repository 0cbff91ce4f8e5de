import type { Impute } from "../instruction.ts";
import type { Noise, RegisterAccess } from "../kernels.ts";
import { TRANSFORMS } from "./transform.ts";

/** Runs the instruction `impute`. */
export function impute(instruction: Impute, registers: RegisterAccess, noise: Noise): void {
  const { transform, shape, mean, noise: draw } = instruction;
  const x = registers.read(instruction.x);
  const known = registers.read(instruction.known);
  const mask = registers.read(instruction.mask);
  const scale = draw?.scale ?? 0;
  const z = draw === undefined || scale === 0 ? undefined : noise.normals(draw.draw);
  const target = (e: number): number =>
    z === undefined ? mean * known[e]! : mean * known[e]! + scale * z[e]!;
  if (transform === "identity") {
    // By choice and not by a correction: known elements are what they are to be to the last bit.
    const result = registers.write(instruction.out);
    for (let e = 0; e < result.length; e++) result[e] = mask[e] === 0 ? x[e]! : target(e);
    return;
  }
  // x + Q^T m (target - Q x): where a group has no known coordinate its correction is 0, and rounding leaves it alone.
  const { forward, inverse } = TRANSFORMS[transform];
  const correction = registers.write(instruction.scratch);
  correction.set(x);
  forward(correction, shape);
  for (let e = 0; e < correction.length; e++) {
    correction[e] = mask[e] === 0 ? 0 : target(e) - correction[e]!;
  }
  inverse(correction, shape);
  const result = registers.write(instruction.out);
  for (let e = 0; e < result.length; e++) result[e] = x[e]! + correction[e]!;
}
