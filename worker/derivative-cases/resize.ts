import fc from "fast-check";
import { float, int, ints, string } from "../../onnx/attribute.ts";
import {
  type CaseInput,
  integers,
  type OperatorCase,
  real,
  since,
  sizes,
} from "./operator-case.ts";

const PRECISION = "quadratic";

function factors(values: readonly number[]): CaseInput {
  return { shape: [values.length], values, type: "float32", active: false };
}

const COORDINATES = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"];

/** Of axes so long that 1.5 and 1.3 change their lengths. */
const resizeScales: OperatorCase = {
  operator: "Resize",
  form: "scales",
  precision: PRECISION,
  instances: (opset) =>
    fc
      .tuple(
        fc.constantFrom("nearest", "linear", "cubic"),
        fc.constantFrom(...COORDINATES, ...(opset >= 19 ? ["half_pixel_symmetric"] : [])),
        fc.tuple(fc.constantFrom(2, 1.5, 0.5, 1), fc.constantFrom(2, 1.3, 0.7, 1)),
        fc.tuple(sizes(2), sizes(2), sizes(4), sizes(4)),
        fc.nat({ max: 1 }),
      )
      .chain(([mode, coordinates, scales, [n, c, h, w], excludes]) =>
        real([n, c, h + 1, w + 3]).map((x) => ({
          inputs: [x, undefined, factors([1, 1, ...scales])],
          attributes: {
            mode: string(mode),
            coordinate_transformation_mode: string(coordinates),
            cubic_coeff_a: float(-0.75),
            exclude_outside: int(mode === "cubic" ? excludes : 0),
            nearest_mode: string("floor"),
          },
        })),
      ),
};

/** Every rounding; whole scales, which can repeat each element as often; one to three axes. */
const resizeNearest = (coordinates: string): OperatorCase => ({
  operator: "Resize",
  form: `nearest, ${coordinates}`,
  opsets: since(coordinates === "half_pixel_symmetric" ? 19 : 13),
  precision: PRECISION,
  instances: () =>
    fc
      .tuple(
        fc.constantFrom("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"),
        fc.array(fc.tuple(sizes(3), fc.constantFrom(1, 2, 3, 3, 4, 1.5)), {
          minLength: 1,
          maxLength: 3,
        }),
      )
      .chain(([rounding, axes]) =>
        real([2, 2, ...axes.map(([length]) => length + 1)]).map((x) => ({
          inputs: [x, undefined, factors([1, 1, ...axes.map(([, scale]) => scale)])],
          attributes: {
            coordinate_transformation_mode: string(coordinates),
            nearest_mode: string(rounding),
          },
        })),
      ),
});

/** Sums over more elements where the picture shrinks. */
const resizeAntialias: OperatorCase = {
  operator: "Resize",
  form: "antialias",
  opsets: since(18),
  precision: PRECISION,
  instances: () =>
    fc
      .tuple(fc.constantFrom("linear", "cubic"), fc.constantFrom(0.4, 0.5, 0.75), sizes(3))
      .chain(([mode, scale, c]) =>
        real([1, c, 7, 8]).map((x) => ({
          inputs: [x, undefined, factors([1, 1, scale, scale])],
          attributes: { mode: string(mode), antialias: int(1) },
        })),
      ),
};

const resizeSizes: OperatorCase = {
  operator: "Resize",
  form: "sizes",
  precision: PRECISION,
  instances: () =>
    fc
      .tuple(fc.constantFrom("nearest", "linear"), sizes(2), sizes(2), sizes(6), sizes(6))
      .chain(([mode, n, c, h, w]) =>
        real([n, c, 3, 4]).map((x) => ({
          inputs: [x, undefined, undefined, integers([n, c, h, w])],
          attributes: { mode: string(mode) },
        })),
      ),
};

const resizeAxes: OperatorCase = {
  operator: "Resize",
  form: "axes",
  opsets: since(18),
  precision: PRECISION,
  instances: () =>
    fc.tuple(sizes(2), sizes(6), sizes(6), fc.boolean()).chain(([c, h, w, isTurned]) =>
      real([1, c, 3, 4]).map((x) => ({
        inputs: [x, undefined, undefined, integers([h, w])],
        attributes: { mode: string("nearest"), axes: ints(isTurned ? [-1, -2] : [2, 3]) },
      })),
    ),
};

export const RESIZE: readonly OperatorCase[] = [
  resizeScales,
  ...[...COORDINATES, "half_pixel_symmetric"].map(resizeNearest),
  resizeAntialias,
  resizeSizes,
  resizeAxes,
];
