import type { ClassCondition } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Conditioning } from "../engine/job-spec.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import type { Model, Repository } from "../models/repository.ts";
import { checkName } from "./checks.ts";
import { needGraph } from "./find-model.ts";

/** A guidance scale past this pushes every picture out of the data's range. */
const MAX_SCALE = 100;

/** A class as it will be asked for, and as the answer echoes it. */
export interface CheckedClass {
  readonly conditioning: Conditioning;
  readonly used: ClassCondition | undefined;
}

/** A model that takes a class and is given none: the index that means none. @throws ServerError "capability-missing" */
export function unconditional(field: string, { manifest, name }: Model): Conditioning {
  const input = manifest.score.class;
  if (input === undefined) return {};
  if (input.nullClass === undefined) {
    const message = `${field}: missing; model "${name}" was trained with classes only, expected one of its classes`;
    throw new ServerError("capability-missing", message);
  }
  return { labels: [{ label: input.nullClass, weight: 1 }] };
}

/**
 * A class: by the network's own class input, with classifier-free guidance where the scale is not 1, or by the
 * gradient of the model's classifier.
 *
 * @param field path of the message, such as `condition.class_label`
 * @throws ServerError "invalid-argument" naming the field, "capability-missing" for a model without either
 * @see Song et al. 2021, appendix I.1; Dhariwal and Nichol 2021; Ho and Salimans 2022.
 */
export function checkClass(
  field: string,
  asked: ClassCondition,
  model: Model,
  repository: Repository,
): CheckedClass {
  const { classes, score } = model.manifest;
  if (score.class === undefined) needGraph(field, model, "guided", repository);
  const label = classes.indexOf(checkName(`${field}.label`, asked.label, classes));
  const scale = asked.guidanceScale || 1;
  if (!(scale > 0 && scale <= MAX_SCALE)) {
    const expected = `a number in (0, ${MAX_SCALE}], or 0 for 1`;
    throw invalidArgument(`${field}.guidance_scale`, asked.guidanceScale, expected);
  }
  const used = { label: asked.label, guidanceScale: scale };
  if (score.class === undefined) return { conditioning: { guidance: { label, scale } }, used };
  if (scale === 1) return { conditioning: { labels: [{ label, weight: 1 }] }, used };
  const { nullClass } = score.class;
  if (nullClass === undefined) {
    const expected = "1: the model has no null class to guide away from";
    throw invalidArgument(`${field}.guidance_scale`, scale, expected);
  }
  const labels = [
    { label, weight: scale },
    { label: nullClass, weight: 1 - scale },
  ];
  return { conditioning: { labels }, used };
}
