import type {
  ClassCondition,
  Colorize,
  Condition,
  Inpaint,
  SuperResolve,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  colorization,
  inpainting,
  type LinearCondition,
  type Measurement,
  type Resampling,
  type SuperResolutionFactor,
  superResolution,
} from "../../sde/index.ts";
import type { Conditioning } from "../engine/job-spec.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import {
  type Origin,
  type PixelTarget,
  readGray,
  readMask,
  readPicture,
} from "../images/source.ts";
import type { Model, Repository } from "../models/repository.ts";
import { checkClass, unconditional } from "./class-condition.ts";

const CLASS = "condition.class_label";
const SUPER_RESOLUTION = 4;
const MAX_JUMPS = 100;
const JUMP_LENGTH = 10;

/** What is known of the pictures that a request wants, as a program and its rows are to have it. */
export interface Measured {
  readonly condition: LinearCondition;
  /** What the program's two last inputs are filled with: the known coordinates, and which they are. */
  readonly inputs: readonly Float32Array[];
  readonly resampling?: Resampling;
}

/** A condition, checked. */
export interface CheckedCondition {
  readonly conditioning: Conditioning;
  readonly measured?: Measured;
  readonly classLabel: ClassCondition | undefined;
}

/**
 * @throws ServerError "invalid-argument" naming the field, "capability-missing" for a model that can't,
 *   "upload-not-found"
 */
export async function checkCondition(
  asked: Condition | undefined,
  model: Model,
  repository: Repository,
  origin: Origin,
): Promise<CheckedCondition> {
  const condition = asked?.condition;
  switch (condition?.$case) {
    case undefined:
      return { conditioning: unconditional(CLASS, model), classLabel: undefined };
    case "classLabel": {
      const { conditioning, used } = checkClass(CLASS, condition.value, model, repository);
      return { conditioning, classLabel: used };
    }
    case "inpaint":
      return await checkInpaint(condition.value, model, repository, origin);
    case "colorize":
      return await checkColorize(condition.value, model, repository, origin);
    case "superResolve":
      return await checkSuperResolve(condition.value, model, origin);
  }
}

async function checkInpaint(
  asked: Inpaint,
  model: Model,
  repository: Repository,
  origin: Origin,
): Promise<CheckedCondition> {
  const { conditioning, used } =
    asked.classLabel === undefined
      ? { conditioning: unconditional("condition.inpaint.class_label", model), used: undefined }
      : checkClass("condition.inpaint.class_label", asked.classLabel, model, repository);
  const resampling = checkResampling(asked);
  const target = targetOf(model);
  const image = await readPicture(asked.image, "condition.inpaint.image", target, origin);
  const mask = await readMask(asked.mask, "condition.inpaint.mask", target, origin);
  const { channels } = model.shape;
  const wholeMask = Float32Array.from(
    { length: channels * mask.length },
    (_, e) => mask[e % mask.length] ?? 0,
  );
  const measured = measuredOf(inpainting(image.pixels, wholeMask), model);
  return {
    conditioning,
    measured: resampling === undefined ? measured : { ...measured, resampling },
    classLabel: used,
  };
}

function checkResampling({ resampleJumps, jumpLength }: Inpaint): Resampling | undefined {
  if (resampleJumps > MAX_JUMPS) {
    const expected = `at most ${MAX_JUMPS}, or 0 for none`;
    throw invalidArgument("condition.inpaint.resample_jumps", resampleJumps, expected);
  }
  if (resampleJumps === 0 && jumpLength > 0) {
    const expected = "0 without resample_jumps";
    throw invalidArgument("condition.inpaint.jump_length", jumpLength, expected);
  }
  if (resampleJumps === 0) return undefined;
  return { jumps: resampleJumps, jumpLength: jumpLength || JUMP_LENGTH };
}

async function checkColorize(
  { gray }: Colorize,
  model: Model,
  repository: Repository,
  origin: Origin,
): Promise<CheckedCondition> {
  const { shape, name } = model;
  if (shape.channels !== 3) {
    const able = [...repository.models.values()].filter((one) => one.shape.channels === 3);
    const names = able.map((one) => `"${one.name}"`).join(", ") || "none here";
    const message = `condition.colorize: model "${name}" has ${shape.channels} channels, and colours are three; models with three: ${names}`;
    throw new ServerError("capability-missing", message);
  }
  const { pixels } = await readGray(gray, "condition.colorize.gray", targetOf(model), origin);
  return {
    conditioning: unconditional("condition.colorize", model),
    measured: measuredOf(colorization(pixels, shape), model),
    classLabel: undefined,
  };
}

async function checkSuperResolve(
  { lowResolution, factor: seen }: SuperResolve,
  model: Model,
  origin: Origin,
): Promise<CheckedCondition> {
  const field = "condition.super_resolve";
  const { channels, height, width } = model.shape;
  const factor = checkFactor(`${field}.factor`, seen || SUPER_RESOLUTION);
  if (height % factor !== 0 || width % factor !== 0) {
    const expected = `a factor that divides the model's ${width} x ${height} pixels`;
    throw invalidArgument(`${field}.factor`, factor, expected);
  }
  const shape = { channels, height: height / factor, width: width / factor };
  const target = { ...targetOf(model), shape };
  const { pixels } = await readPicture(lowResolution, `${field}.low_resolution`, target, origin);
  return {
    conditioning: unconditional(field, model),
    measured: measuredOf(superResolution(pixels, factor, model.shape), model),
    classLabel: undefined,
  };
}

function checkFactor(field: string, seen: number): SuperResolutionFactor {
  if (seen === 2 || seen === 4 || seen === 8) return seen;
  throw invalidArgument(field, seen, `2, 4 or 8, or 0 for ${SUPER_RESOLUTION}`);
}

function targetOf({ shape, manifest }: Model): PixelTarget {
  return { shape, dataRange: manifest.dataRange, bits: manifest.bits };
}

function measuredOf({ transform, known, mask }: Measurement, { shape, manifest }: Model): Measured {
  return {
    condition: { transform, shape, dataRange: manifest.dataRange },
    inputs: [known, mask],
  };
}
