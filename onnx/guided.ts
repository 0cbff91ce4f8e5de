import { composed, withOutputs } from "./compose.ts";
import { withOrigin } from "./derivation-key.ts";
import {
  type ClassifierPath,
  LABEL_INPUT,
  logProbabilityGradient,
} from "./log-probability-gradient.ts";
import type { OnnxModel } from "./model-file.ts";
import { prefixed } from "./rename.ts";
import { gradientName } from "./reverse.ts";
import { signatureOf } from "./signature.ts";

export interface GuidedOptions {
  /** The score network's output. */
  readonly scoreOutput: string;
  readonly classifier: ClassifierPath;
}

/** Before the names of all that comes from the classifier, but for the label. */
const PREFIX = "classifier_";

/** The name of a classifier's input beside a score network. */
export function classifierName(value: string): string {
  return `${PREFIX}${value}`;
}

/**
 * A score network and a classifier's gradient, which guides it, in one graph and one run. Each keeps inputs of its own,
 * since they may scale x or count time in different ways. Pure.
 *
 * Inputs: the score network's; the classifier's after `classifier_`; `label`, as `logProbabilityGradient` has it.
 * Outputs: the score network's, then `classifier_<input>_gradient`.
 *
 * @throws RangeError for an output that is not there, models of different opsets, a score network that has an input of
 *   such a name; else as `logProbabilityGradient` does, with the classifier's own names
 * @throws DifferentiationError at the classifier's first node that can't be differentiated
 */
export function guided(
  score: OnnxModel,
  classifier: OnnxModel,
  { scoreOutput, classifier: path }: GuidedOptions,
): OnnxModel {
  const gradient = logProbabilityGradient(classifier, path);
  const alone = withOutputs(gradient, [gradientName(path.input)]);
  const guide = prefixed(alone, PREFIX, [LABEL_INPUT]);
  const taken = new Set(signatureOf(guide).inputs.map(({ name }) => name));
  const same = signatureOf(score).inputs.find(({ name }) => taken.has(name));
  if (same !== undefined) {
    throw new RangeError(`the score network has an input ${same.name}, a name that guidance takes`);
  }
  return withOrigin(composed(withOutputs(score, [scoreOutput]), guide, {}), "guided", path);
}
