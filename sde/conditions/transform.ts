import type { Vector } from "../kernels.ts";
import { blocks } from "./blocks.ts";
import { color } from "./color.ts";
import { identity } from "./identity.ts";
import { checkShape, type Shape } from "./shape.ts";

/**
 * The sets of elements whose mean is a coordinate by itself: those at start + offsets, n of them. The coordinate at
 * `start` is sqrt(n) times their mean. Every element is in one group.
 */
export interface Groups {
  /** Row-major, as the picture of the means is. */
  readonly starts: Int32Array;
  /** The first is 0. */
  readonly offsets: Int32Array;
}

/**
 * An orthogonal transform Q of pictures, in whose coordinates a measurement is some of the coordinates by themselves.
 * Both directions work in place, take O(D) operations and need no memory.
 */
export interface Transform {
  /** Why it is not defined for a shape: what the shape must have, as in "3 channels"; undefined where it is. */
  needs(shape: Shape): string | undefined;
  /** v = Q v */
  forward(v: Vector, shape: Shape): void;
  /** v = Q^T v */
  inverse(v: Vector, shape: Shape): void;
  groups(shape: Shape): Groups;
}

export type TransformName = "identity" | "color" | "blocks-2" | "blocks-4" | "blocks-8";

/** Every transform by the name that instructions carry. */
export const TRANSFORMS: Readonly<Record<TransformName, Transform>> = {
  identity: identity,
  color: color,
  "blocks-2": blocks(2),
  "blocks-4": blocks(4),
  "blocks-8": blocks(8),
};

/** @throws RangeError unless the shape is one, and the transform is defined for it */
export function checkTransform(name: TransformName, shape: Shape): void {
  checkShape(shape);
  const needed = TRANSFORMS[name].needs(shape);
  if (needed !== undefined) {
    const { channels, height, width } = shape;
    throw new RangeError(
      `the transform "${name}" needs ${needed}; seen ${channels} x ${height} x ${width}`,
    );
  }
}
