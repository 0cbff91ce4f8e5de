import fc from "fast-check";
import { type AttributeValue, int, ints, string } from "../../onnx/attribute.ts";
import {
  type CaseInput,
  count,
  integers,
  type OperatorCase,
  real,
  shapes,
  since,
  sizes,
} from "./operator-case.ts";

export type Attributes = Readonly<Record<string, AttributeValue>>;
export type Rest = {
  readonly inputs?: readonly (CaseInput | undefined)[];
  readonly attributes?: Attributes;
};

/** A case of an operator that moves the elements of its first input, whose other inputs and attributes depend on its shape. */
export function moving(
  operator: string,
  draw: (shape: number[], opset: number) => fc.Arbitrary<Rest & { readonly outputs?: number }>,
  options: {
    readonly form?: string;
    readonly ranks?: readonly [number, number];
    readonly opsets?: readonly number[];
    readonly reverseSince?: number;
  } = {},
): OperatorCase {
  const { ranks = [1, 4], ...named } = options;
  return {
    operator,
    ...named,
    precision: "float64",
    instances: (opset) =>
      shapes(...ranks).chain((shape) =>
        fc
          .tuple(real(shape), draw(shape, opset))
          .map(([x, { inputs = [], attributes = {}, outputs = 1 }]) => ({
            inputs: [x, ...inputs],
            attributes,
            outputs,
          })),
      ),
  };
}

export const axisOf = (shape: readonly number[]): fc.Arbitrary<number> =>
  fc.integer({ min: -shape.length, max: shape.length - 1 });

export const lengthOf = (shape: readonly number[], axis: number): number => shape.at(axis) ?? 1;

const permutation = (length: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    Array.from({ length }, (_, i) => i),
    { minLength: length, maxLength: length },
  );

export const someAxes = (shape: readonly number[]): fc.Arbitrary<number[]> =>
  fc.subarray(
    shape.map((_, i) => i),
    { minLength: 1 },
  );

const reshape = moving("Reshape", (shape) =>
  fc.constantFrom(
    { inputs: [integers([-1])] },
    { inputs: [integers([...shape, 1])] },
    { inputs: [integers([0, -1])] },
    { inputs: [integers([count(shape.slice(1)), shape[0] ?? 1])] },
  ),
);

const flatten = moving("Flatten", (shape) =>
  axisOf(shape).map((axis) => ({ attributes: { axis: int(axis) } })),
);

/** Of a shape with axes of length 1 between. */
const squeeze: OperatorCase = {
  operator: "Squeeze",
  precision: "float64",
  instances: () =>
    fc.tuple(shapes(1, 3), fc.nat({ max: 3 })).chain(([shape, at]) => {
      const axis = Math.min(at, shape.length);
      return real(shape.toSpliced(axis, 0, 1)).map((x) => ({
        inputs: [x, integers([axis - shape.length - 1])],
        attributes: {},
      }));
    }),
};

const unsqueeze = moving(
  "Unsqueeze",
  (shape) =>
    fc
      .subarray(
        [...shape, 0, 0].map((_, i) => i),
        { minLength: 2, maxLength: 2 },
      )
      .map((axes) => ({ inputs: [integers(axes)] })),
  { ranks: [0, 3] },
);

const transpose = moving("Transpose", (shape) =>
  fc.oneof(
    fc.constant({}),
    permutation(shape.length).map((perm) => ({ attributes: { perm: ints(perm) } })),
  ),
);

const expand = moving(
  "Expand",
  (shape) =>
    fc.tuple(sizes(3), sizes(3)).map(([first, second]) => ({
      inputs: [integers([first, ...shape.map((dim) => (dim === 1 ? second : 1))])],
    })),
  { ranks: [0, 3] },
);

const tile = moving("Tile", (shape) =>
  fc
    .array(sizes(3), { minLength: shape.length, maxLength: shape.length })
    .map((repeats) => ({ inputs: [integers(repeats)] })),
);

const depthToSpace: OperatorCase = {
  operator: "DepthToSpace",
  precision: "float64",
  instances: () =>
    fc
      .tuple(sizes(2), sizes(3), sizes(3), sizes(3), fc.constantFrom("DCR", "CRD"))
      .chain(([n, c, h, w, mode]) =>
        real([n, 4 * c, h, w]).map((x) => ({
          inputs: [x],
          attributes: { blocksize: int(2), mode: string(mode) },
        })),
      ),
};

const spaceToDepth: OperatorCase = {
  operator: "SpaceToDepth",
  precision: "float64",
  instances: () =>
    fc
      .tuple(sizes(2), sizes(3), sizes(3), sizes(3))
      .chain(([n, c, h, w]) =>
        real([n, c, 2 * h, 2 * w]).map((x) => ({ inputs: [x], attributes: { blocksize: int(2) } })),
      ),
};

const trilu = moving(
  "Trilu",
  () =>
    fc.tuple(fc.integer({ min: -2, max: 2 }), fc.nat({ max: 1 })).map(([k, upper]) => ({
      inputs: [integers([k], [])],
      attributes: { upper: int(upper) },
    })),
  { ranks: [2, 4], opsets: since(14) },
);

export const LAYOUT: readonly OperatorCase[] = [
  reshape,
  flatten,
  squeeze,
  unsqueeze,
  transpose,
  expand,
  tile,
  depthToSpace,
  spaceToDepth,
  trilu,
];
