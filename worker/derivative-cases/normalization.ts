import fc from "fast-check";
import { float, int } from "../../onnx/attribute.ts";
import {
  awayFromZero,
  choices,
  count,
  type Instance,
  type OperatorCase,
  positive,
  real,
  shapes,
  since,
  sizes,
  uniform,
  withActive,
} from "./operator-case.ts";

/** (x - mean) / sqrt(variance + epsilon) of each run of `length` elements. */
function normalized(x: readonly number[], length: number, epsilon: number): number[] {
  return x.map((value, i) => {
    const start = Math.floor(i / length) * length;
    const row = x.slice(start, start + length);
    const mean = row.reduce((sum, element) => sum + element, 0) / length;
    const variance = row.reduce((sum, element) => sum + (element - mean) ** 2, 0) / length;
    return (value - mean) / Math.sqrt(variance + epsilon);
  });
}

const epsilonOf = ({ attributes }: Instance): number => Math.fround(attributes.epsilon?.f ?? 1e-5);

const shapeOf = ({ inputs }: Instance): readonly number[] => inputs[0]?.shape ?? [];

/** The channel of an element of [N, C, ...]. */
function channelOf(shape: readonly number[], index: number): number {
  return Math.floor(index / count(shape.slice(2))) % (shape[1] ?? 1);
}

const instanceNormalization: OperatorCase = {
  operator: "InstanceNormalization",
  precision: (instance, [x = [], scale = [], bias = []]) => {
    const shape = shapeOf(instance);
    return normalized(x, count(shape.slice(2)), epsilonOf(instance)).map((value, i) => {
      const channel = channelOf(shape, i);
      return value * (scale[channel] ?? 0) + (bias[channel] ?? 0);
    });
  },
  instances: () =>
    fc
      .tuple(sizes(2), sizes(3), shapes(1, 2, 5), fc.boolean())
      .chain(([n, c, picture, plain]) =>
        fc
          .tuple(
            real([n, c, ...picture.map((length) => length + 1)]),
            real([c], { active: false, spread: plain ? () => 1 : awayFromZero }),
            real([c], { active: false }),
          )
          .map((inputs) => ({ inputs, attributes: { epsilon: float(0.01) } })),
      ),
};

/** Scale and bias for each channel since opset 21, for each group before. */
function groupNormalization(opsets: readonly number[]): OperatorCase {
  return {
    operator: "GroupNormalization",
    form: opsets.includes(21) ? "by channel" : "by group",
    opsets,
    precision: (instance, [x = [], scale = [], bias = []]) => {
      const shape = shapeOf(instance);
      const groups = Number(instance.attributes.num_groups?.i);
      const [, channels = 1] = shape;
      const rows = normalized(x, (channels / groups) * count(shape.slice(2)), epsilonOf(instance));
      return rows.map((value, i) => {
        const entry = Math.floor((channelOf(shape, i) * scale.length) / channels);
        return value * (scale[entry] ?? 0) + (bias[entry] ?? 0);
      });
    },
    instances: (opset) =>
      fc
        .tuple(sizes(2), sizes(3), sizes(2), shapes(1, 2, 4), fc.boolean())
        .chain(([n, groups, each, picture, plain]) => {
          const parameters = opset >= 21 ? groups * each : groups;
          const spread = plain ? () => 1 : awayFromZero;
          return fc
            .tuple(
              real([n, groups * each, ...picture.map((length) => length + 1)]),
              real([parameters], { active: false, spread }),
              real([parameters], { active: false }),
            )
            .map((inputs) => ({
              inputs,
              attributes: { num_groups: int(groups), epsilon: float(0.01) },
            }));
        }),
  };
}

const layerNormalization: OperatorCase = {
  operator: "LayerNormalization",
  opsets: since(17),
  precision: "float64",
  instances: () =>
    shapes(2, 4).chain((shape) =>
      fc
        .tuple(
          fc.integer({ min: -shape.length + 1, max: -1 }),
          choices(3),
          fc.boolean(),
          real(shape, { spread: (u) => 3 * u }),
        )
        .chain(([axis, active, hasBias, x]) =>
          fc.tuple(real(shape.slice(axis)), real(shape.slice(axis))).map(([scale, bias]) => {
            const given = hasBias ? [x, scale, bias] : [x, scale];
            const isAny = active.slice(0, given.length).includes(true);
            return {
              inputs: given.map((input, i) =>
                withActive(input, isAny ? (active[i] ?? false) : i === 0),
              ),
              attributes: { axis: int(axis), epsilon: float(0.01) },
            };
          }),
        ),
    ),
};

const batchNormalization: OperatorCase = {
  operator: "BatchNormalization",
  precision: "float64",
  instances: () =>
    fc
      .tuple(sizes(2), sizes(3), shapes(0, 2))
      .chain(([n, c, picture]) =>
        fc
          .tuple(
            real([n, c, ...picture]),
            ...[awayFromZero, uniform, uniform, positive].map((spread) =>
              real([c], { active: false, spread }),
            ),
          )
          .map((inputs) => ({ inputs, attributes: { epsilon: float(0.01) } })),
      ),
};

export const NORMALIZATION: readonly OperatorCase[] = [
  instanceNormalization,
  groupNormalization([18, 19, 20]),
  groupNormalization([21]),
  layerNormalization,
  batchNormalization,
];
