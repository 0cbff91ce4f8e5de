import fc from "fast-check";
import { forwardMode } from "../onnx/forward.ts";
import { numbers, OPSETS, type OperatorCase } from "./derivative-cases/operator-case.ts";
import { differences } from "./derivative-differences.ts";
import { caseModel, type Drawn, Loaded } from "./derivative-testing.ts";

/**
 * How far the tangent may be from the differences, over the largest of their elements and 1.
 *
 * float64: the differences' own error, step^2 f''' / 6 + 2^-53 |f| / step, is of 1e-10. quadratic: sums of up to some
 * hundred float32 products. A reference in float64 against a tangent in float32: 6e-8 times what the operator's
 * derivative amplifies.
 */
export function tolerance({ precision }: OperatorCase): number {
  if (precision === "float64") return 1e-6;
  return precision === "quadratic" ? 1e-5 : 3e-5;
}

/** A random node of a case, in a random opset. @param first the first opset to draw from */
export function drawn(operatorCase: OperatorCase, first = 13): fc.Arbitrary<Drawn> {
  const opsets = (operatorCase.opsets ?? OPSETS).filter((opset) => opset >= first);
  return fc
    .tuple(fc.constantFrom(...opsets), fc.boolean())
    .chain(([opset, isDynamic]) =>
      operatorCase.instances(opset).map((instance) => ({ opset, instance, isDynamic })),
    );
}

/**
 * The largest error of the tangents of all outputs in forward mode, over the tolerated one: above 1 the rule is wrong.
 * Infinity where a tangent is no number or not of its output's shape.
 */
export async function forwardError(
  operatorCase: OperatorCase,
  draw: Drawn,
  seed: number,
): Promise<number> {
  const model = caseModel(operatorCase, draw);
  const v = numbers(seed, model.x.length);
  const original = await Loaded.of(model.model, model.type);
  const expected = await differences(operatorCase, draw, model, original, v);
  let worst = 0;
  for (const output of model.outputs) {
    const derived = await Loaded.of(forwardMode(model.model, { input: "x", output }), model.type);
    const feed = (values: readonly number[]) => ({ values, shape: model.xShape });
    const outputs = await derived.run({ x: feed(model.x), x_tangent: feed(v) });
    const { values = [], dims } = outputs[`${output}_tangent`] ?? {};
    const exact = expected[output] ?? [];
    if (values.length !== exact.length || dims?.join() !== outputs[output]?.dims.join()) {
      return Number.POSITIVE_INFINITY;
    }
    const size = Math.max(1, ...exact.map(Math.abs));
    const errors = exact.map((value, i) => Math.abs(value - (values[i] ?? Number.NaN)) / size);
    worst = Math.max(
      worst,
      ...errors.map((error) => (Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)),
    );
    await derived.release();
  }
  await original.release();
  return worst / tolerance(operatorCase);
}
