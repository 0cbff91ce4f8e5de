import fc from "fast-check";
import { type AttributeValue, ints } from "../../onnx/attribute.ts";
import { sizes } from "./operator-case.ts";

export type Attributes = Record<string, AttributeValue>;

/** What a sliding window does along one axis. */
export interface Slide {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pads: readonly [number, number];
  /** Length of the input's axis. */
  readonly length: number;
}

/** A window that fits into its padded axis, with less padding than the kernel's reach. */
export const slide: fc.Arbitrary<Slide> = fc
  .tuple(sizes(3), sizes(2), sizes(2), fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.nat({ max: 4 }))
  .map(([kernel, stride, dilation, before, after, more]) => {
    const reach = dilation * (kernel - 1) + 1;
    const pads = [Math.min(before, kernel - 1), Math.min(after, kernel - 1)] as const;
    return { kernel, stride, dilation, pads, length: reach + more };
  });

export const slides: fc.Arbitrary<Slide[]> = fc.array(slide, { minLength: 1, maxLength: 3 });

export function windowAttributes(window: readonly Slide[]): Attributes {
  return {
    kernel_shape: ints(window.map(({ kernel }) => kernel)),
    strides: ints(window.map(({ stride }) => stride)),
    dilations: ints(window.map(({ dilation }) => dilation)),
    pads: ints([...window.map(({ pads }) => pads[0]), ...window.map(({ pads }) => pads[1])]),
  };
}
