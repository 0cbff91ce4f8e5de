import type { ForwardProcess } from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";

/**
 * The smallest time of a solve.
 *
 * @param field such as `sampler.time_eps`
 * @param own what 0 stands for
 * @throws ServerError "invalid-argument"
 */
export function checkEps(
  field: string,
  seen: number,
  { endTime }: ForwardProcess,
  own: number,
): number {
  if (seen === 0) return own;
  const most = endTime / 2;
  if (seen >= 1e-9 && seen <= most) return seen;
  const expected = `a time in [1e-9, ${most}], or 0 for the forward process's own, ${own}`;
  throw invalidArgument(field, seen, expected);
}
