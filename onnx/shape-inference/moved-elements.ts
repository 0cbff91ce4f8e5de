import { type Fact, MAX_ELEMENTS, staticShape } from "../fact.ts";
import { elementCount } from "../tensor.ts";
import type { Dimension } from "../value-info.ts";

/**
 * The elements of a tensor that moves another's: at each index those from another index of the source.
 *
 * @param shape of the result
 * @param from the source's index for one of the result
 * @returns undefined where the elements or the shapes are not known, or the result is large
 */
export function movedElements(
  source: Fact,
  shape: Fact["shape"],
  from: (index: readonly number[]) => readonly number[],
): readonly Dimension[] | undefined {
  const own = staticShape(source);
  const dims = staticShape({ type: undefined, shape });
  const { elements } = source;
  if (elements === undefined || own === undefined || dims === undefined) return undefined;
  const count = elementCount(dims);
  if (count > MAX_ELEMENTS) return undefined;
  return Array.from({ length: count }, (_, flat) => {
    const at = from(indexOf(flat, dims));
    return elements[at.reduce((sum, index, axis) => sum * (own[axis] ?? 1) + index, 0)];
  });
}

/** The index of an element from its place row by row. */
function indexOf(flat: number, dims: readonly number[]): readonly number[] {
  const index: number[] = [];
  let rest = flat;
  for (const dim of dims.toReversed()) {
    index.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return index;
}
