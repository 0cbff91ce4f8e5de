import fc from "fast-check";
import { type AttributeValue, int, ints, string } from "../../onnx/attribute.ts";
import {
  type CaseInput,
  choices,
  count,
  type Instance,
  integers,
  type OperatorCase,
  real,
  shapes,
  since,
  sizes,
  withActive,
} from "./operator-case.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;
type Rest = {
  readonly inputs?: readonly (CaseInput | undefined)[];
  readonly attributes?: Attributes;
};

/** A case of an operator that moves the elements of its first input, whose other inputs and attributes depend on its shape. */
function moving(
  operator: string,
  draw: (shape: number[], opset: number) => fc.Arbitrary<Rest & { readonly outputs?: number }>,
  options: {
    readonly form?: string;
    readonly ranks?: readonly [number, number];
    readonly opsets?: readonly number[];
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

const axisOf = (shape: readonly number[]): fc.Arbitrary<number> =>
  fc.integer({ min: -shape.length, max: shape.length - 1 });

const lengthOf = (shape: readonly number[], axis: number): number => shape.at(axis) ?? 1;

const permutation = (length: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    Array.from({ length }, (_, i) => i),
    { minLength: length, maxLength: length },
  );

const someAxes = (shape: readonly number[]): fc.Arbitrary<number[]> =>
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

/** Every kind of bound and step, forwards and back. */
const slice = moving("Slice", (shape) =>
  someAxes(shape).chain((axes) =>
    fc
      .array(fc.tuple(fc.constantFrom(1, 2), fc.boolean(), fc.integer({ min: -3, max: 3 })), {
        minLength: axes.length,
        maxLength: axes.length,
      })
      .map((bounds) => {
        const starts = bounds.map(([, back, start]) => (back ? -1 : Math.min(start, 0)));
        const ends = bounds.map(([, back]) => (back ? -100 : 2 ** 40));
        const steps = bounds.map(([step, back]) => (back ? -step : step));
        return { inputs: [starts, ends, axes, steps].map((list) => integers(list)) };
      }),
  ),
);

const splitLengths = moving(
  "Split",
  (shape) =>
    axisOf(shape).chain((axis) => {
      const length = lengthOf(shape, axis);
      return fc.nat({ max: length - 1 }).map((first) => ({
        inputs: [integers([first + 1, length - first - 1])],
        attributes: { axis: int(axis) },
        outputs: 2,
      }));
    }),
  { form: "lengths" },
);

/** Equal parts: without num_outputs before opset 18. */
const splitEqual = moving(
  "Split",
  (shape, opset) =>
    axisOf(shape).map((axis) => {
      const outputs = lengthOf(shape, axis);
      const number: Attributes = opset >= 18 ? { num_outputs: int(outputs) } : {};
      return { attributes: { axis: int(axis), ...number }, outputs };
    }),
  { form: "equal parts" },
);

const concat: OperatorCase = {
  operator: "Concat",
  precision: "float64",
  instances: () =>
    fc
      .tuple(shapes(1, 3), fc.array(sizes(3), { minLength: 1, maxLength: 3 }))
      .chain(([shape, lengths]) =>
        fc.tuple(axisOf(shape), choices(lengths.length)).chain(([axis, active]) =>
          fc.tuple(...lengths.map((length) => real(shape.with(axis, length)))).map((inputs) => ({
            inputs: inputs.map((input, i) => withActive(input, active[i] ?? false)),
            attributes: { axis: int(axis) },
          })),
        ),
      ),
};

const padsOf = (shape: readonly number[], mode: string): fc.Arbitrary<number[]> =>
  fc
    .array(fc.integer({ min: mode === "constant" ? -1 : 0, max: 2 }), {
      minLength: 2 * shape.length,
      maxLength: 2 * shape.length,
    })
    .map((pads) =>
      pads.map((pad, i) => {
        const length = shape[i % shape.length] ?? 1;
        return mode === "reflect" ? Math.min(pad, length - 1) : Math.max(pad, length > 2 ? -1 : 0);
      }),
    );

const pad = moving(
  "Pad",
  (shape) =>
    fc.constantFrom("constant", "constant value", "edge", "reflect").chain((kind) => {
      const [mode = ""] = kind.split(" ");
      return padsOf(shape, mode).map((pads) => ({
        inputs: [
          integers(pads),
          ...(kind === "constant value"
            ? [{ shape: [], values: [0.5], type: "real" as const, active: false }]
            : []),
        ],
        attributes: { mode: string(mode) },
      }));
    }),
  { ranks: [2, 4] },
);

const padAxes = moving(
  "Pad",
  (shape) =>
    fc.tuple(axisOf(shape), sizes(2)).map(([axis, length]) => ({
      inputs: [integers([length, 1]), undefined, integers([axis])],
    })),
  { form: "axes", opsets: since(18) },
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

const indicesInto = (length: number, shape: readonly number[]): fc.Arbitrary<CaseInput> =>
  fc
    .array(fc.integer({ min: -length, max: length - 1 }), {
      minLength: count(shape),
      maxLength: count(shape),
    })
    .map((values) => integers(values, shape));

const gather = moving("Gather", (shape) =>
  fc.tuple(axisOf(shape), shapes(0, 2)).chain(([axis, at]) =>
    indicesInto(lengthOf(shape, axis), at).map((indices) => ({
      inputs: [indices],
      attributes: { axis: int(axis) },
    })),
  ),
);

const gatherElements = moving("GatherElements", (shape) =>
  axisOf(shape).chain((axis) =>
    indicesInto(lengthOf(shape, axis), shape.with(axis, 2)).map((indices) => ({
      inputs: [indices],
      attributes: { axis: int(axis) },
    })),
  ),
);

const gatherNd = moving(
  "GatherND",
  (shape) =>
    sizes(3).chain((rows) =>
      fc
        .tuple(...Array.from({ length: rows }, () => indicesInto(shape[0] ?? 1, [1])))
        .map((lists) => ({
          inputs: [
            integers(
              lists.flatMap(({ values }) => values),
              [rows, 1],
            ),
          ],
        })),
    ),
  { ranks: [1, 3] },
);

/** Writes to or adds to different places. */
function scatter(operator: "ScatterElements" | "ScatterND", first: number): OperatorCase {
  return {
    operator,
    opsets: since(first),
    precision: "float64",
    instances: (opset) =>
      fc
        .tuple(sizes(4), sizes(3), choices(2), fc.constantFrom("none", "add"), fc.boolean())
        .chain(([length, width, active, reduction, backwards]) => {
          const rows = Array.from({ length: Math.min(2, length) }, (_, i) => i);
          const places = backwards ? rows.map((i) => length - 1 - i) : rows;
          const isNd = operator === "ScatterND";
          const indices = isNd
            ? integers(places, [places.length, 1])
            : integers(
                places.flatMap((row) => Array.from({ length: width }, () => row)),
                [places.length, width],
              );
          const attributes: Attributes = opset >= 16 ? { reduction: string(reduction) } : {};
          return fc.tuple(real([length, width]), real([places.length, width])).map(
            ([x, updates]): Instance => ({
              inputs: [
                withActive(x, active[0] ?? false),
                indices,
                withActive(updates, active[1] ?? false),
              ],
              attributes,
            }),
          );
        }),
  };
}

export const LAYOUT: readonly OperatorCase[] = [
  reshape,
  flatten,
  squeeze,
  unsqueeze,
  transpose,
  expand,
  tile,
  slice,
  splitLengths,
  splitEqual,
  concat,
  pad,
  padAxes,
  depthToSpace,
  spaceToDepth,
  trilu,
  gather,
  gatherElements,
  gatherNd,
  scatter("ScatterElements", 13),
  scatter("ScatterND", 13),
];
