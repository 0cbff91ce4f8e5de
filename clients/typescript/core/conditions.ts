import {
  ClassCondition,
  type Condition,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { type PictureSource, toImageSource } from "./source.ts";

/** A class out of `Model.classes`. */
export interface ClassOptions {
  readonly label: string;
  /** In (0, 100]; left out: 1. More than 1 makes samples more typical of their class, and less diverse. */
  readonly guidanceScale?: number;
}

/**
 * Samples of a class: `client.sample({ condition: ofClass({ label: "7" }) })`.
 *
 * Fails with "invalid-argument" at `condition.class_label.label` for a class that the model does not have, and with
 * "capability-missing" where it has no classes at all.
 */
export function ofClass(options: ClassOptions): Condition {
  const value = ClassCondition.fromPartial(options);
  return { condition: { $case: "classLabel", value } };
}

export interface InpaintOptions {
  /** Of the model's size. */
  readonly image: PictureSource;
  /** Of the model's size: white pixels are known and come out as they went in, black ones are filled. */
  readonly mask: PictureSource;
  readonly class?: ClassOptions;
  /** RePaint: how often each stretch of steps is gone over again, at most 100; left out: not at all. */
  readonly resampleJumps?: number;
  /** Steps of such a stretch; left out: 10. */
  readonly jumpLength?: number;
}

/**
 * Samples that agree with the known pixels of a picture. Resampling, or a sampler with corrector steps, makes them agree
 * better with what is known: docs/conditions.md. The adaptive "rk45" takes no condition.
 *
 * Fails with "invalid-argument" or "upload-not-found" at `condition.inpaint.image` or `.mask` and the fields beside.
 */
export function inpaint(options: InpaintOptions): Condition {
  const { image, mask, resampleJumps = 0, jumpLength = 0 } = options;
  const classLabel = options.class && ClassCondition.fromPartial(options.class);
  const value = {
    image: toImageSource(image),
    mask: toImageSource(mask),
    classLabel,
    resampleJumps,
    jumpLength,
  };
  return { condition: { $case: "inpaint", value } };
}

/**
 * Samples whose mean of red, green and blue is the given gray at every pixel, within 1/255.
 *
 * Fails with "capability-missing" for a model without colours, and with "invalid-argument" or "upload-not-found" at
 * `condition.colorize.gray`.
 *
 * @param gray of the model's size: a gray file, an RGB one whose channels are equal, or a tensor of one channel
 */
export function colorize(gray: PictureSource): Condition {
  return { condition: { $case: "colorize", value: { gray: toImageSource(gray) } } };
}

/**
 * Samples whose averages over blocks of factor x factor pixels are the given picture's pixels, within 1/255.
 *
 * Fails with "invalid-argument" or "upload-not-found" at `condition.super_resolve.low_resolution` or `.factor`.
 *
 * @param lowResolution smaller than the model's size by the factor, in height and in width
 */
export function superResolve(lowResolution: PictureSource, factor: 2 | 4 | 8 = 4): Condition {
  const value = { lowResolution: toImageSource(lowResolution), factor };
  return { condition: { $case: "superResolve", value } };
}
