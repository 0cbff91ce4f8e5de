import fc from "fast-check";
import { int, ints, string } from "../../onnx/attribute.ts";
import {
  type CaseInput,
  choices,
  type Instance,
  type OperatorCase,
  real,
  sizes,
  withActive,
} from "./operator-case.ts";
import { type Attributes, type Slide, slide, slides, windowAttributes } from "./slide.ts";

const PRECISION = "quadratic";

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

/** Rows, groups, channels that go in and out of each. */
type Channels = readonly [n: number, group: number, c: number, m: number];

/** Nodes with or without bias, any of the inputs active. */
function convolutions(
  window: fc.Arbitrary<readonly Slide[]>,
  channels: fc.Arbitrary<Channels>,
): OperatorCase["instances"] {
  return () =>
    fc
      .tuple(window, channels, fc.boolean(), choices(3))
      .chain(([axes, [n, group, c, m], hasBias, active]) =>
        fc
          .tuple(
            real([n, group * c, ...axes.map(({ length }) => length)]),
            real([group * m, c, ...axes.map(({ kernel }) => kernel)]),
            ...(hasBias ? [real([group * m])] : []),
          )
          .map((inputs) =>
            withBias(inputs, active, { ...windowAttributes(axes), group: int(group) }),
          ),
      );
}

const few: fc.Arbitrary<Channels> = fc.tuple(sizes(2), sizes(2), sizes(2), sizes(2));

/** More than 8 channels in all, where the rule convolves with turned weights. */
const many: fc.Arbitrary<Channels> = fc.constantFrom<Channels>(
  [2, 1, 9, 2],
  [1, 3, 4, 2],
  [1, 10, 1, 1],
);

const conv: OperatorCase = {
  operator: "Conv",
  precision: PRECISION,
  instances: convolutions(slides, few),
};

/** With padding that the kernel does not reach across, too. */
const convManyChannels: OperatorCase = {
  operator: "Conv",
  form: "many channels",
  precision: PRECISION,
  instances: convolutions(
    fc.array(
      fc.tuple(slide, sizes(2), sizes(3)).map(([axis, stride, more]) => {
        const isWide = more === 3;
        return { ...axis, stride, pads: isWide ? ([4, 1] as const) : axis.pads };
      }),
      { minLength: 1, maxLength: 2 },
    ),
    many,
  ),
};

const convAutoPad: OperatorCase = {
  operator: "Conv",
  form: "auto_pad",
  precision: PRECISION,
  instances: () =>
    fc
      .tuple(
        fc.constantFrom(1, 2, 10),
        fc.array(sizes(5), { minLength: 1, maxLength: 2 }),
        sizes(3),
        fc.constantFrom("SAME_UPPER", "SAME_LOWER", "VALID"),
      )
      .chain(([c, lengths, stride, autoPad]) =>
        fc
          .tuple(
            real([2, c, ...lengths.map((length) => length + 3)]),
            real([3, c, ...lengths.map((_, axis) => 3 - axis)], { active: false }),
          )
          .map((inputs) => ({
            inputs,
            attributes: { auto_pad: string(autoPad), strides: ints(lengths.map(() => stride)) },
          })),
      ),
};

/** What a ConvTranspose's nodes have beside the window. */
type Outputs = (window: readonly Slide[], opset: number) => fc.Arbitrary<Attributes>;

function transposes(outputs: Outputs, active: fc.Arbitrary<boolean[]>): OperatorCase["instances"] {
  return (opset) =>
    fc
      .tuple(slides, few, fc.boolean(), active)
      .chain(([window, [n, group, c, m], hasBias, chosen]) =>
        fc
          .tuple(
            outputs(window, opset),
            real([n, group * c, ...window.map(({ length, kernel }) => length + kernel)]),
            real([group * c, m, ...window.map(({ kernel }) => kernel)]),
            ...(hasBias ? [real([group * m])] : []),
          )
          .map(([attributes, ...inputs]) =>
            withBias(inputs, chosen, { ...attributes, group: int(group) }),
          ),
      );
}

const convTranspose: OperatorCase = {
  operator: "ConvTranspose",
  precision: PRECISION,
  instances: transposes(
    (window) =>
      fc.boolean().map((isMore) => ({
        ...windowAttributes(window),
        output_padding: ints(window.map(({ stride }) => (isMore ? stride - 1 : 0))),
      })),
    choices(3),
  ),
};

const convTransposeAutoPad: OperatorCase = {
  operator: "ConvTranspose",
  form: "auto_pad",
  precision: PRECISION,
  instances: transposes(
    (window) =>
      fc
        .tuple(fc.constantFrom("SAME_UPPER", "SAME_LOWER", "VALID"), fc.boolean())
        .map(([autoPad, isMore]) => {
          const { pads: _, ...others } = windowAttributes(window);
          const more = window.map(({ stride }) => (isMore ? stride - 1 : 0));
          return { ...others, auto_pad: string(autoPad), output_padding: ints(more) };
        }),
    choices(3),
  ),
};

/** Of weights that are a part of x too, since with x alone the input's size may not be known, which this form needs. */
const convTransposeShape: OperatorCase = {
  operator: "ConvTranspose",
  form: "output_shape",
  precision: PRECISION,
  instances: transposes(
    (window) =>
      fc
        .tuple(fc.constantFrom("NOTSET", "SAME_UPPER", "SAME_LOWER"), fc.nat({ max: 3 }))
        .map(([autoPad, less]) => {
          const { pads: _, ...others } = windowAttributes(window);
          const whole = window.map(
            ({ stride, length, kernel, dilation }) =>
              stride * (length + kernel - 1) + dilation * (kernel - 1) + 1,
          );
          return {
            ...others,
            auto_pad: string(autoPad),
            output_shape: ints(
              whole.map((length, i) => {
                const { stride = 1, length: base = 1, kernel = 1 } = window[i] ?? {};
                // ONNX infers no shape where an output is shorter than its input, base + kernel.
                return Math.max(base + kernel, length + stride - 1 - less);
              }),
            ),
          };
        }),
    fc.constantFrom([true, true, false], [true, true, true]),
  ),
};

export const CONVOLUTION: readonly OperatorCase[] = [
  conv,
  convManyChannels,
  convAutoPad,
  convTranspose,
  convTransposeAutoPad,
  convTransposeShape,
];
