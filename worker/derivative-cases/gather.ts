import fc from "fast-check";
import { int, string } from "../../onnx/attribute.ts";
import { type Attributes, axisOf, lengthOf, moving } from "./layout.ts";
import {
  type CaseInput,
  choices,
  count,
  type Instance,
  integers,
  type OperatorCase,
  real,
  shapes,
  since,
  sizes,
  withActive,
} from "./operator-case.ts";

const indicesInto = (length: number, shape: readonly number[]): fc.Arbitrary<CaseInput> =>
  fc
    .array(fc.integer({ min: -length, max: length - 1 }), {
      minLength: count(shape),
      maxLength: count(shape),
    })
    .map((values) => integers(values, shape));

const gather = moving("Gather", (shape) =>
  fc.tuple(axisOf(shape), shapes(0, 2)).chain(([axis, at]) =>
    indicesInto(lengthOf(shape, axis), at).map((indices) => ({
      inputs: [indices],
      attributes: { axis: int(axis) },
    })),
  ),
);

const gatherElements = moving(
  "GatherElements",
  (shape) =>
    axisOf(shape).chain((axis) =>
      indicesInto(lengthOf(shape, axis), shape.with(axis, 2)).map((indices) => ({
        inputs: [indices],
        attributes: { axis: int(axis) },
      })),
    ),
  { reverseSince: 16 },
);

const gatherNd = moving(
  "GatherND",
  (shape) =>
    sizes(3).chain((rows) =>
      fc
        .tuple(...Array.from({ length: rows }, () => indicesInto(shape[0] ?? 1, [1])))
        .map((lists) => ({
          inputs: [
            integers(
              lists.flatMap(({ values }) => values),
              [rows, 1],
            ),
          ],
        })),
    ),
  { ranks: [1, 3], reverseSince: 16 },
);

/** Writes to or adds to different places. */
function scatter(operator: "ScatterElements" | "ScatterND", first: number): OperatorCase {
  return {
    operator,
    opsets: since(first),
    precision: "float64",
    instances: (opset) =>
      fc
        .tuple(sizes(4), sizes(3), choices(2), fc.constantFrom("none", "add"), fc.boolean())
        .chain(([length, width, active, reduction, backwards]) => {
          const rows = Array.from({ length: Math.min(2, length) }, (_, i) => i);
          const places = backwards ? rows.map((i) => length - 1 - i) : rows;
          const isNd = operator === "ScatterND";
          const indices = isNd
            ? integers(places, [places.length, 1])
            : integers(
                places.flatMap((row) => Array.from({ length: width }, () => row)),
                [places.length, width],
              );
          const attributes: Attributes = opset >= 16 ? { reduction: string(reduction) } : {};
          return fc.tuple(real([length, width]), real([places.length, width])).map(
            ([x, updates]): Instance => ({
              inputs: [
                withActive(x, active[0] ?? false),
                indices,
                withActive(updates, active[1] ?? false),
              ],
              attributes,
            }),
          );
        }),
  };
}

export const GATHER: readonly OperatorCase[] = [
  gather,
  gatherElements,
  gatherNd,
  scatter("ScatterElements", 13),
  scatter("ScatterND", 13),
];
