import fc from "fast-check";
import { int } from "../../onnx/attribute.ts";
import { ELEMENT_TYPES } from "../../onnx/element-type.ts";
import {
  awayFromZero,
  choices,
  distinct,
  type InputOptions,
  type OperatorCase,
  type Precision,
  positive,
  real,
  shapes,
  since,
  withActive,
} from "./operator-case.ts";

/** Shapes that broadcast to one: each with some axes of length 1 and some leading ones left out. */
function broadcasting(operands: number): fc.Arbitrary<number[][]> {
  return shapes(0, 4).chain((whole) =>
    fc.tuple(
      ...Array.from({ length: operands }, () =>
        fc
          .tuple(
            fc.nat({ max: whole.length }),
            fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length }),
          )
          .map(([dropped, ones]) => whole.map((dim, i) => (ones[i] ? 1 : dim)).slice(dropped)),
      ),
    ),
  );
}

/** Cases of an operator that broadcasts its inputs, any of them a part of x. */
function broadcast(
  operator: string,
  operands: number,
  options: readonly InputOptions[] = [],
  draw: typeof real | typeof distinct = real,
  precision: Precision = "float64",
): OperatorCase {
  return {
    operator,
    precision,
    instances: () =>
      fc.tuple(broadcasting(operands), choices(operands)).chain(([each, active]) =>
        fc
          .tuple(
            ...each.map((shape, i) =>
              draw === distinct ? distinct(shape, i) : real(shape, options[i] ?? {}),
            ),
          )
          .map((inputs) => ({
            inputs: inputs.map((input, i) => withActive(input, active[i] ?? false)),
            attributes: {},
          })),
      ),
  };
}

/** Pow of a constant exponent, which may be an integer. */
const powConstant: OperatorCase = {
  operator: "Pow",
  form: "constant exponent",
  precision: "float64",
  instances: () =>
    fc.tuple(shapes(0, 3), fc.constantFrom(2, 3, 0.5, -1, 1, 2.5)).chain(([shape, exponent]) =>
      real(shape, { spread: positive }).map((base) => ({
        inputs: [
          base,
          {
            shape: [],
            values: [exponent],
            type: Number.isInteger(exponent) ? ("int64" as const) : ("real" as const),
            active: false,
          },
        ],
        attributes: {},
      })),
    ),
};

const where: OperatorCase = {
  operator: "Where",
  precision: "float64",
  instances: () =>
    fc.tuple(broadcasting(3), choices(2)).chain(([[c = [], a = [], b = []], active]) =>
      fc.tuple(real(c), real(a), real(b)).map(([condition, first, second]) => ({
        inputs: [
          {
            ...condition,
            values: condition.values.map((value) => +(value > 0)),
            type: "bool" as const,
            active: false,
          },
          withActive(first, active[0] ?? false),
          withActive(second, active[1] ?? false),
        ],
        attributes: {},
      })),
    ),
};

/** Bounds of which one may be left out, or be a part of x; no element is near one. */
const clip: OperatorCase = {
  operator: "Clip",
  precision: "float64",
  instances: () =>
    fc
      .tuple(shapes(0, 3), fc.constantFrom("low", "high", "both"), choices(3))
      .chain(([shape, bounds, [x, low, high]]) =>
        fc.tuple(distinct(shape), distinct([]), distinct([])).map(([input]) => {
          const bound = (value: number, active = false) => ({
            shape: [],
            values: [value],
            type: "real" as const,
            active,
          });
          return {
            inputs: [
              withActive(input, (x ?? true) || bounds !== "both"),
              bounds === "high" ? undefined : bound(-0.102, low),
              bounds === "low" ? undefined : bound(0.111, high),
            ],
            attributes: {},
          };
        }),
      ),
};

const prelu: OperatorCase = {
  operator: "PRelu",
  opsets: since(16),
  precision: (_, [x = [], slope = []]) =>
    x.map((value, i) => (value > 0 ? value : value * (slope[slope.length === 1 ? 0 : i] ?? 0))),
  instances: () =>
    fc.tuple(shapes(1, 3), fc.boolean(), choices(2)).chain(([shape, single, active]) =>
      fc
        .tuple(real(shape, { spread: awayFromZero }), real(single ? [1] : shape))
        .map(([x, slope]) => ({
          inputs: [withActive(x, active[0] ?? false), withActive(slope, active[1] ?? false)],
          attributes: {},
        })),
    ),
};

const cast: OperatorCase = {
  operator: "Cast",
  precision: "float64",
  instances: () =>
    shapes(0, 3).chain((shape) =>
      real(shape).map((x) => ({
        inputs: [x],
        attributes: { to: int(ELEMENT_TYPES.float64) },
      })),
    ),
};

/** To the type of a float64. */
const castLike: OperatorCase = {
  operator: "CastLike",
  opsets: since(15),
  precision: "float64",
  instances: () =>
    fc
      .tuple(shapes(0, 3).chain(real), real([], { active: false }))
      .map((inputs) => ({ inputs, attributes: {} })),
};

export const POINTWISE: readonly OperatorCase[] = [
  ...["Add", "Sub", "Mul"].map((operator) => broadcast(operator, 2)),
  broadcast("Div", 2, [{}, { spread: awayFromZero }]),
  broadcast("Pow", 2, [{ spread: positive }, {}]),
  powConstant,
  broadcast("Sum", 3),
  broadcast("Mean", 3, [], real, "quadratic"),
  broadcast("Max", 2, [], distinct),
  broadcast("Min", 3, [], distinct),
  where,
  clip,
  prelu,
  cast,
  castLike,
];
