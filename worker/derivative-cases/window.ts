import fc from "fast-check";
import { int, string } from "../../onnx/attribute.ts";
import { CONVOLUTION } from "./convolution.ts";
import {
  count,
  distinct,
  type OperatorCase,
  type Precision,
  real,
  sizes,
} from "./operator-case.ts";
import { RESIZE } from "./resize.ts";
import { type Attributes, slides, windowAttributes } from "./slide.ts";

function pool(operator: "AveragePool" | "MaxPool"): OperatorCase {
  const isMax = operator === "MaxPool";
  return {
    operator,
    precision: isMax ? "float64" : "quadratic",
    instances: (opset) =>
      fc
        .tuple(slides, sizes(2), sizes(3), fc.nat({ max: 1 }), fc.nat({ max: 1 }))
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

function poolAutoPad(operator: "AveragePool" | "MaxPool"): OperatorCase {
  const isMax = operator === "MaxPool";
  return {
    operator,
    form: "auto_pad",
    precision: isMax ? "float64" : "quadratic",
    instances: () =>
      fc
        .tuple(slides, fc.constantFrom("SAME_UPPER", "SAME_LOWER", "VALID"))
        .chain(([axes, autoPad]) => {
          // ONNX Runtime's pools refuse to pad for a stride that is longer than the kernel.
          const window = axes.map((axis) => ({
            ...axis,
            stride: Math.min(axis.stride, axis.kernel),
          }));
          const shape = [1, 2, ...window.map(({ length }) => length)];
          const { dilations: _, pads: __, ...others } = windowAttributes(window);
          const attributes: Attributes = { ...others, auto_pad: string(autoPad) };
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

export const WINDOW: readonly OperatorCase[] = [
  ...CONVOLUTION,
  pool("AveragePool"),
  poolAutoPad("AveragePool"),
  pool("MaxPool"),
  poolAutoPad("MaxPool"),
  globalPool("GlobalAveragePool"),
  globalPool("GlobalMaxPool"),
  ...RESIZE,
];
