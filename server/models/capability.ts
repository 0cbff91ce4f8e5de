import type { PictureType, TimeType } from "../../worker/protocol.ts";
import { shown } from "../issue-texts.ts";
import type { Manifest } from "./manifest.ts";
import type { ClassifierEntry, ScoreNetworkEntry } from "./manifest-network.ts";
import { type Finding, fieldFinding } from "./model-problem.ts";
import { forwardProcessOf } from "./processes.ts";

/**
 * What a correct manifest asks for and this version can't do. A model with such a finding is left out: better than to
 * run it by conventions that are not its own.
 */
export function missingCapabilities(manifest: Manifest): readonly Finding[] {
  const { score, classifier, forwardProcess } = manifest;
  const findings = [...networkFindings("score", score, PICTURE_TYPES)];
  // A gradient of halves would be too coarse to guide by.
  if (classifier !== undefined) {
    findings.push(...networkFindings("classifier", classifier, ["float32"]));
  }
  findings.push(
    ...unless(
      forwardProcessOf(manifest) !== undefined,
      "forwardProcess.kind",
      forwardProcess.kind,
      ["a table in place or by rule, not one in a file"],
    ),
    ...unless(score.input.normalization === undefined, "score.input.normalization", "one", [
      "a file that normalises its own input",
    ]),
  );
  return findings;
}

function networkFindings(
  name: string,
  { input, time, output, batch }: ScoreNetworkEntry | ClassifierEntry,
  types: readonly string[],
): readonly Finding[] {
  return [
    ...unless(types.includes(input.type), `${name}.input.type`, input.type, types),
    ...unless(input.layout === "nchw", `${name}.input.layout`, input.layout, ["nchw"]),
    ...unless(isTimeType(time.type), `${name}.time.type`, time.type, TIME_TYPES),
    ...unless(time.shape === "[batch]", `${name}.time.shape`, time.shape, ["[batch]"]),
    ...unless(types.includes(output.type), `${name}.output.type`, output.type, types),
    ...unless(batch === "dynamic", `${name}.batch`, batch, ["dynamic"]),
  ];
}

/** The element types of pictures that a worker can give to a score network and take from it. */
const PICTURE_TYPES: readonly string[] = ["float32", "float16"] satisfies PictureType[];

/** The element types of a time input that a worker can feed. */
const TIME_TYPES: readonly string[] = ["float32", "float16", "int64"] satisfies TimeType[];

export function isTimeType(type: string): type is TimeType {
  return TIME_TYPES.includes(type);
}

export function isPictureType(type: string): type is PictureType {
  return PICTURE_TYPES.includes(type);
}

function unless(
  possible: boolean,
  field: string,
  seen: unknown,
  able: readonly string[],
): readonly Finding[] {
  if (possible) return [];
  const message = `seen ${shown(seen)}, a capability that this version does not have; it runs ${able.join(", ")}`;
  return [fieldFinding(field, message)];
}
