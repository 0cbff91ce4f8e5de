import fc from "fast-check";
import { type AttributeValue, float, string } from "../../onnx/attribute.ts";
import {
  awayFromZero,
  type Instance,
  type OperatorCase,
  type Precision,
  positive,
  real,
  type Spread,
  shapes,
  since,
  uniform,
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

export const UNARY: readonly OperatorCase[] = [
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
