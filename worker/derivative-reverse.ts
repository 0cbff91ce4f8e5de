import { cotangentName, type RuleLookup } from "../onnx/backward.ts";
import { forwardMode, tangentName } from "../onnx/forward.ts";
import { reverseMode } from "../onnx/reverse.ts";
import { numbers, type OperatorCase } from "./derivative-cases/operator-case.ts";
import { differences } from "./derivative-differences.ts";
import { tolerance } from "./derivative-forward.ts";
import { type CaseModel, caseModel, type Drawn, Loaded } from "./derivative-testing.ts";

/** Random directions v, and directions along one element of x, in which J^T w is compared. */
const RANDOM_DIRECTIONS = 2;
const ELEMENTS = 3;

/** J v of every output along a direction v, by differences and in forward mode. */
interface Direction {
  readonly v: readonly number[];
  readonly byDifferences: Readonly<Record<string, readonly number[]>>;
  readonly inForwardMode: Readonly<Record<string, readonly number[]>>;
}

/**
 * The largest error of the cotangents of x in reverse mode, over all outputs and over the tolerated one: above 1 the
 * rule is wrong. <J^T w, v> is compared with <w, J v>, J v once by differences and once in forward mode. Infinity where
 * a cotangent is no number or not of x's shape.
 */
export async function reverseError(
  operatorCase: OperatorCase,
  draw: Drawn,
  seed: number,
  ruleOf?: RuleLookup,
): Promise<number> {
  const model = caseModel(operatorCase, draw);
  const directions = await directionsOf(operatorCase, draw, model, seed);
  let worst = 0;
  for (const output of model.outputs) {
    const derived = await Loaded.of(
      reverseMode(model.model, { input: "x", output }, ruleOf),
      model.type,
    );
    const f = await outputValue(model, output);
    const w = numbers(seed + 1, f.values.length);
    const outputs = await derived.run({
      x: { values: model.x, shape: model.xShape },
      [cotangentName(output)]: { values: w, shape: f.dims },
    });
    await derived.release();
    const { values: cotangent = [], dims } = outputs[cotangentName("x")] ?? {};
    if (dims?.join() !== model.xShape.join()) return Number.POSITIVE_INFINITY;
    for (const { v, byDifferences, inForwardMode } of directions) {
      for (const product of [byDifferences[output] ?? [], inForwardMode[output] ?? []]) {
        worst = Math.max(worst, disagreement(cotangent, v, w, product));
      }
    }
  }
  return worst / tolerance(operatorCase);
}

/** |<a, v> - <w, b>| over the larger of 1 and the sizes of both sides' terms. */
function disagreement(
  a: readonly number[],
  v: readonly number[],
  w: readonly number[],
  b: readonly number[],
): number {
  if (a.length !== v.length || w.length !== b.length) return Number.POSITIVE_INFINITY;
  const [left, leftSize] = innerProduct(a, v);
  const [right, rightSize] = innerProduct(w, b);
  const error = Math.abs(left - right) / Math.max(1, leftSize, rightSize);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

/** The inner product, and the root of the sum of its terms' squares. */
function innerProduct(a: readonly number[], b: readonly number[]): readonly [number, number] {
  const terms = a.map((value, i) => value * (b[i] ?? Number.NaN));
  return [terms.reduce((sum, term) => sum + term, 0), Math.hypot(...terms)];
}

async function directionsOf(
  operatorCase: OperatorCase,
  draw: Drawn,
  model: CaseModel,
  seed: number,
): Promise<readonly Direction[]> {
  const { length } = model.x;
  const random = Array.from({ length: RANDOM_DIRECTIONS }, (_, i) => numbers(seed + 2 + i, length));
  const elements = numbers(seed + 2 + RANDOM_DIRECTIONS, ELEMENTS).map((u) =>
    Math.min(length - 1, Math.floor(((u + 1) / 2) * length)),
  );
  const along = elements.map((element) => model.x.map((_, i) => +(i === element)));
  const original = await Loaded.of(model.model, model.type);
  const forward = await forwardTangents(model, [...random, ...along]);
  const directions: Direction[] = [];
  for (const [i, v] of [...random, ...along].entries()) {
    const byDifferences = await differences(operatorCase, draw, model, original, v);
    directions.push({ v, byDifferences, inForwardMode: forward[i] ?? {} });
  }
  await original.release();
  return directions;
}

async function forwardTangents(
  { model, type, x, xShape, outputs }: CaseModel,
  directions: readonly (readonly number[])[],
): Promise<readonly Readonly<Record<string, readonly number[]>>[]> {
  const found = directions.map((): Record<string, readonly number[]> => ({}));
  for (const output of outputs) {
    const derived = await Loaded.of(forwardMode(model, { input: "x", output }), type);
    for (const [i, v] of directions.entries()) {
      const feeds = { x: { values: x, shape: xShape }, x_tangent: { values: v, shape: xShape } };
      const tangent = (await derived.run(feeds))[tangentName(output)];
      Object.assign(found[i] ?? {}, { [output]: tangent?.values ?? [] });
    }
    await derived.release();
  }
  return found;
}

async function outputValue(
  { model, type, x, xShape }: CaseModel,
  output: string,
): Promise<{ readonly values: readonly number[]; readonly dims: readonly number[] }> {
  const original = await Loaded.of(model, type);
  const outputs = await original.run({ x: { values: x, shape: xShape } });
  await original.release();
  return outputs[output] ?? { values: [], dims: [] };
}
