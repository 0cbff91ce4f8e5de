import fc from "fast-check";
import { type AttributeValue, float, int, ints, string } from "../../onnx/attribute.ts";
import {
  type CaseInput,
  choices,
  count,
  distinct,
  type Instance,
  integers,
  type OperatorCase,
  type Precision,
  real,
  since,
  sizes,
  withActive,
} from "./operator-case.ts";

type Attributes = Record<string, AttributeValue>;

/** What a sliding window does along one axis. */
interface Slide {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pads: readonly [number, number];
  /** Length of the input's axis. */
  readonly length: number;
}

/** A window that fits into its padded axis, with less padding than the kernel's reach. */
const slide: fc.Arbitrary<Slide> = fc
  .tuple(sizes(3), sizes(2), sizes(2), fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.nat({ max: 4 }))
  .map(([kernel, stride, dilation, before, after, more]) => {
    const reach = dilation * (kernel - 1) + 1;
    const pads = [Math.min(before, kernel - 1), Math.min(after, kernel - 1)] as const;
    return { kernel, stride, dilation, pads, length: reach + more };
  });

const slides: fc.Arbitrary<Slide[]> = fc.array(slide, { minLength: 1, maxLength: 2 });

function windowAttributes(window: readonly Slide[]): Attributes {
  return {
    kernel_shape: ints(window.map(({ kernel }) => kernel)),
    strides: ints(window.map(({ stride }) => stride)),
    dilations: ints(window.map(({ dilation }) => dilation)),
    pads: ints([...window.map(({ pads }) => pads[0]), ...window.map(({ pads }) => pads[1])]),
  };
}

/** The bias, third, can be left out. */
function withBias(
  inputs: readonly CaseInput[],
  active: readonly boolean[],
  attributes: Attributes,
): Instance {
  const isAny = active.slice(0, inputs.length).includes(true);
  return {
    inputs: inputs.map((input, i) => withActive(input, isAny ? (active[i] ?? false) : i === 0)),
    attributes,
  };
}

const conv: OperatorCase = {
  operator: "Conv",
  precision: "quadratic",
  instances: () =>
    fc
      .tuple(slides, fc.tuple(sizes(2), sizes(2), sizes(2), sizes(2)), fc.boolean(), choices(3))
      .chain(([window, [n, group, c, m], hasBias, active]) => {
        const lengths = window.map(({ length }) => length);
        const kernel = window.map((axis) => axis.kernel);
        return fc
          .tuple(
            real([n, group * c, ...lengths]),
            real([group * m, c, ...kernel]),
            ...(hasBias ? [real([group * m])] : []),
          )
          .map((inputs) =>
            withBias(inputs, active, { ...windowAttributes(window), group: int(group) }),
          );
      }),
};

const convAutoPad: OperatorCase = {
  operator: "Conv",
  form: "auto_pad",
  precision: "quadratic",
  instances: () =>
    fc
      .tuple(sizes(2), sizes(5), sizes(2), fc.constantFrom("SAME_UPPER", "SAME_LOWER", "VALID"))
      .chain(([c, length, stride, autoPad]) =>
        fc.tuple(real([2, c, length + 3]), real([3, c, 3], { active: false })).map((inputs) => ({
          inputs,
          attributes: { auto_pad: string(autoPad), strides: ints([stride]) },
        })),
      ),
};

const convTranspose: OperatorCase = {
  operator: "ConvTranspose",
  precision: "quadratic",
  instances: () =>
    fc
      .tuple(slides, fc.tuple(sizes(2), sizes(2), sizes(2), sizes(2)), fc.boolean(), choices(3))
      .chain(([window, [n, group, c, m], hasBias, active]) => {
        const lengths = window.map(({ length, kernel }) => length + kernel);
        const kernel = window.map((axis) => axis.kernel);
        const more = window.map(({ stride }) => stride - 1);
        return fc
          .tuple(
            real([n, group * c, ...lengths]),
            real([group * c, m, ...kernel]),
            ...(hasBias ? [real([group * m])] : []),
          )
          .map((inputs) =>
            withBias(inputs, active, {
              ...windowAttributes(window),
              group: int(group),
              output_padding: ints(more),
            }),
          );
      }),
};

function pool(operator: "AveragePool" | "MaxPool"): OperatorCase {
  const isMax = operator === "MaxPool";
  return {
    operator,
    precision: isMax ? "float64" : "quadratic",
    instances: (opset) =>
      fc
        .tuple(
          fc.array(slide, { minLength: 1, maxLength: 2 }),
          sizes(2),
          sizes(3),
          fc.nat({ max: 1 }),
          fc.nat({ max: 1 }),
        )
        .chain(([window, n, c, ceil, countPads]) => {
          const shape = [n, c, ...window.map(({ length }) => length)];
          const { dilations, ...others } = windowAttributes(window);
          const attributes: Attributes = { ...others, ceil_mode: int(ceil) };
          if (dilations !== undefined && (isMax || opset >= 19)) attributes.dilations = dilations;
          if (!isMax) attributes.count_include_pad = int(countPads);
          return (isMax ? distinct(shape) : real(shape)).map((x) => ({ inputs: [x], attributes }));
        }),
  };
}

/** The largest element of each channel. */
const channelMaxima: Precision = ({ inputs: [x] }, [values = []]) => {
  const picture = count(x?.shape.slice(2) ?? []);
  return Array.from({ length: values.length / picture }, (_, i) =>
    Math.max(...values.slice(i * picture, (i + 1) * picture)),
  );
};

function globalPool(operator: "GlobalAveragePool" | "GlobalMaxPool"): OperatorCase {
  const isMax = operator === "GlobalMaxPool";
  return {
    operator,
    precision: isMax ? channelMaxima : "quadratic",
    instances: () =>
      fc.tuple(sizes(2), sizes(3), sizes(4), sizes(4)).chain((shape) =>
        (isMax ? distinct(shape) : real(shape)).map((x) => ({
          inputs: [x],
          attributes: {},
        })),
      ),
  };
}

const ones: readonly number[] = [1, 1];

const resizeScales: OperatorCase = {
  operator: "Resize",
  form: "scales",
  precision: "quadratic",
  instances: () =>
    fc
      .tuple(
        fc.constantFrom("nearest", "linear", "cubic"),
        fc.constantFrom("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"),
        fc.constantFrom(2, 1.5, 0.5, 1),
        fc.tuple(sizes(2), sizes(2)),
        fc.tuple(sizes(3), sizes(3)),
      )
      .chain(([mode, coordinates, scale, [n, c], [h, w]]) =>
        real([n, c, h + 1, w + 1]).map((x) => ({
          inputs: [
            x,
            undefined,
            {
              shape: [4],
              values: [...ones, scale, scale],
              type: "float32" as const,
              active: false,
            },
          ],
          attributes: {
            mode: string(mode),
            coordinate_transformation_mode: string(coordinates),
            cubic_coeff_a: float(-0.75),
            nearest_mode: string("floor"),
          },
        })),
      ),
};

const resizeSizes: OperatorCase = {
  operator: "Resize",
  form: "sizes",
  precision: "quadratic",
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
  precision: "quadratic",
  instances: () =>
    fc.tuple(sizes(2), sizes(6), sizes(6)).chain(([c, h, w]) =>
      real([1, c, 3, 4]).map((x) => ({
        inputs: [x, undefined, undefined, integers([h, w])],
        attributes: { mode: string("nearest"), axes: ints([2, 3]) },
      })),
    ),
};

export const WINDOW: readonly OperatorCase[] = [
  conv,
  convAutoPad,
  convTranspose,
  pool("AveragePool"),
  pool("MaxPool"),
  globalPool("GlobalAveragePool"),
  globalPool("GlobalMaxPool"),
  resizeScales,
  resizeSizes,
  resizeAxes,
];
