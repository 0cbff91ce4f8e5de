import fc from "fast-check";
import { type AttributeValue, int, ints } from "../../onnx/attribute.ts";
import {
  awayFromZero,
  distinct,
  integers,
  type OperatorCase,
  type Precision,
  positive,
  real,
  type Spread,
  shapes,
  uniform,
} from "./operator-case.ts";

/** The first opset in which each takes its axes as an input. */
const axesInput = (operator: string): number => (operator === "ReduceSum" ? 13 : 18);

function reduction(
  operator: string,
  spread: Spread | "distinct" = uniform,
  precision: Precision = "float64",
): OperatorCase {
  return {
    operator,
    precision,
    instances: (opset) =>
      shapes(1, 4).chain((shape) =>
        fc
          .tuple(
            spread === "distinct" ? distinct(shape) : real(shape, { spread }),
            fc.option(
              fc.subarray(
                shape.map((_, i) => i),
                { minLength: 1 },
              ),
            ),
            fc.boolean(),
            fc.option(fc.boolean()),
          )
          .map(([x, chosen, fromBack, keep]) => {
            const axes = chosen?.map((axis) => (fromBack ? axis - shape.length : axis));
            const kept: Record<string, AttributeValue> =
              keep === null ? {} : { keepdims: int(+keep) };
            if (axes === undefined) return { inputs: [x], attributes: kept };
            return opset >= axesInput(operator)
              ? { inputs: [x, integers(axes)], attributes: kept }
              : { inputs: [x], attributes: { ...kept, axes: ints(axes) } };
          }),
      ),
  };
}

function alongAxis(operator: string): OperatorCase {
  return {
    operator,
    precision: "float64",
    instances: () =>
      shapes(1, 4).chain((shape) =>
        fc
          .tuple(real(shape), fc.option(fc.integer({ min: -shape.length, max: shape.length - 1 })))
          .map(([x, axis]) => ({
            inputs: [x],
            attributes: axis === null ? {} : { axis: int(axis) },
          })),
      ),
  };
}

const cumSum: OperatorCase = {
  operator: "CumSum",
  precision: "float64",
  instances: () =>
    shapes(1, 3).chain((shape) =>
      fc
        .tuple(
          real(shape),
          fc.integer({ min: -shape.length, max: shape.length - 1 }),
          fc.nat({ max: 1 }),
          fc.nat({ max: 1 }),
        )
        .map(([x, axis, exclusive, reverse]) => ({
          inputs: [x, integers([axis], [])],
          attributes: { exclusive: int(exclusive), reverse: int(reverse) },
        })),
    ),
};

export const REDUCE: readonly OperatorCase[] = [
  reduction("ReduceSum"),
  reduction("ReduceMean"),
  reduction("ReduceMax", "distinct"),
  reduction("ReduceMin", "distinct"),
  reduction("ReduceProd", awayFromZero),
  reduction("ReduceSumSquare"),
  reduction("ReduceL1", awayFromZero),
  reduction("ReduceL2", awayFromZero),
  reduction("ReduceLogSum", positive),
  reduction("ReduceLogSumExp"),
  alongAxis("Softmax"),
  alongAxis("LogSoftmax"),
  cumSum,
];
