import { type Fact, sameDimension } from "../fact.ts";
import type { Dimension } from "../value-info.ts";

/** The shape that shapes broadcast to; undefined where one's rank is unknown. */
export function broadcastShape(facts: readonly Fact[]): readonly Dimension[] | undefined {
  const shapes = facts.map(({ shape }) => shape);
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length < shapes.length) return undefined;
  const rank = Math.max(0, ...known.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    known
      .map((shape) => (axis < rank - shape.length ? 1 : shape[axis - (rank - shape.length)]))
      .reduce(broadcastDimension),
  );
}

/** A number above 1 wins; a name wins over 1; two unlike names, or nothing and a name, are unknown. */
function broadcastDimension(a: Dimension, b: Dimension): Dimension {
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === "number") return a;
  if (typeof b === "number") return b;
  return sameDimension(a, b) ? a : undefined;
}
