import fc from "fast-check";
import { type AttributeValue, float, int, string } from "../../onnx/attribute.ts";
import { ELEMENT_TYPES } from "../../onnx/element-type.ts";
import {
  awayFromZero,
  choices,
  distinct,
  type InputOptions,
  type Instance,
  type OperatorCase,
  type Precision,
  positive,
  real,
  type Spread,
  shapes,
  since,
  uniform,
  withActive,
} from "./operator-case.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Cases of an operator of one input, for each set of attributes. */
function unary(
  operator: string,
  precision: Precision,
  spread: Spread = uniform,
  options: {
    readonly opsets?: readonly number[];
    readonly attributes?: readonly Attributes[];
  } = {},
): OperatorCase {
  const { opsets, attributes = [{}] } = options;
  return {
    operator,
    precision,
    ...(opsets === undefined ? {} : { opsets }),
    instances: () =>
      fc
        .tuple(shapes(0, 4), fc.constantFrom(...attributes))
        .chain(([shape, attribute]) =>
          real(shape, { spread }).map((input) => ({ inputs: [input], attributes: attribute })),
        ),
  };
}

/** f of each element, for operators that have no float64. */
function each(f: (x: number, instance: Instance) => number): Precision {
  return (instance, [x = []]) => x.map((value) => f(value, instance));
}

/** The value of a float attribute in float32, as the file holds it. */
function attribute({ attributes }: Instance, name: string, fallback: number): number {
  return Math.fround(attributes[name]?.f ?? fallback);
}

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

const exponents = [2, 3, 0.5, -1, 1, 0, 2.5];

/** Pow of a constant exponent, which may be an integer. */
const powConstant: OperatorCase = {
  operator: "Pow",
  form: "constant exponent",
  precision: "float64",
  instances: () =>
    fc
      .tuple(shapes(0, 3), fc.constantFrom(...exponents.slice(0, 4), 2.5))
      .chain(([shape, exponent]) =>
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

/** The error function to 1e-15, by its series: |x| stays below 3. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const GELU = {
  none: (x: number) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  tanh: (x: number) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
};

const inside: Spread = (u) => 0.9 * u;

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
  unary("Neg", "float64"),
  unary("Identity", "float64"),
  unary("Dropout", "float64"),
  unary("Exp", "float64"),
  unary("Log", "float64", positive),
  unary("Sqrt", "float64", positive),
  unary("Reciprocal", "float64", awayFromZero),
  unary("Abs", "float64", awayFromZero),
  unary("Sin", "float64"),
  unary("Cos", "float64"),
  unary("Sigmoid", "float64"),
  unary("Tanh", "float64"),
  unary("Relu", "float64", awayFromZero),
  unary(
    "Softplus",
    each((x) => Math.log1p(Math.exp(x))),
  ),
  unary("Erf", each(erf)),
  unary("Tan", each(Math.tan), inside),
  unary("Asin", each(Math.asin), inside),
  unary("Acos", each(Math.acos), inside),
  unary("Atan", each(Math.atan)),
  unary("Sinh", each(Math.sinh)),
  unary("Cosh", each(Math.cosh)),
  unary("Asinh", each(Math.asinh)),
  unary("Acosh", each(Math.acosh), (u) => 2.5 + u),
  unary("Atanh", each(Math.atanh), inside),
  unary(
    "Softsign",
    each((x) => x / (1 + Math.abs(x))),
  ),
  unary(
    "Mish",
    each((x) => x * Math.tanh(Math.log1p(Math.exp(x)))),
    uniform,
    {
      opsets: since(18),
    },
  ),
  unary(
    "LeakyRelu",
    each((x, instance) => (x > 0 ? x : x * attribute(instance, "alpha", 0.01))),
    awayFromZero,
    { attributes: [{}, { alpha: float(0.3) }] },
  ),
  unary(
    "Elu",
    each((x, instance) => (x > 0 ? x : attribute(instance, "alpha", 1) * Math.expm1(x))),
    awayFromZero,
    { attributes: [{}, { alpha: float(0.5) }] },
  ),
  unary(
    "Celu",
    each((x, instance) => {
      const alpha = attribute(instance, "alpha", 1);
      return x > 0 ? x : alpha * Math.expm1(x / alpha);
    }),
    awayFromZero,
    { attributes: [{}, { alpha: float(0.5) }] },
  ),
  unary(
    "Selu",
    each((x, instance) => {
      const alpha = attribute(instance, "alpha", 1.6732632);
      return attribute(instance, "gamma", 1.050701) * (x > 0 ? x : alpha * Math.expm1(x));
    }),
    awayFromZero,
    { attributes: [{}, { alpha: float(1.5), gamma: float(0.9) }] },
  ),
  unary(
    "HardSigmoid",
    each((x, instance) => {
      const [alpha, beta] = [attribute(instance, "alpha", 0.2), attribute(instance, "beta", 0.5)];
      return Math.min(1, Math.max(0, alpha * x + beta));
    }),
    // Kinks at -2.5, 2.5 and, for the second attributes, at -1.625 and 0.875.
    (u) => Math.round(4 * u) * 0.9 + 0.1,
    { attributes: [{}, { alpha: float(0.4), beta: float(0.65) }] },
  ),
  unary(
    "HardSwish",
    each((x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))),
    (u) => 4.5 * u + (Math.abs(4.5 * Math.abs(u) - 3) < 0.05 ? 0.2 : 0),
    { opsets: since(14) },
  ),
  unary(
    "ThresholdedRelu",
    each((x) => (x > 1 ? x : 0)),
    (u) => 1 + awayFromZero(u),
  ),
  unary(
    "Gelu",
    each((x, { attributes }) => (attributes.approximate === undefined ? GELU.none : GELU.tanh)(x)),
    uniform,
    { opsets: since(20), attributes: [{}, { approximate: string("tanh") }] },
  ),
];
