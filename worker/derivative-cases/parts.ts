import fc from "fast-check";
import { int, string } from "../../onnx/attribute.ts";
import { type Attributes, axisOf, lengthOf, moving, someAxes } from "./layout.ts";
import {
  choices,
  integers,
  type OperatorCase,
  real,
  shapes,
  since,
  sizes,
  withActive,
} from "./operator-case.ts";

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

export const PARTS: readonly OperatorCase[] = [
  slice,
  splitLengths,
  splitEqual,
  concat,
  pad,
  padAxes,
];
