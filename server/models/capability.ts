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
  const findings = [...networkFindings("score", score)];
  if (classifier !== undefined) findings.push(...networkFindings("classifier", classifier));
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
): readonly Finding[] {
  return [
    ...unless(input.type === "float32", `${name}.input.type`, input.type, ["float32"]),
    ...unless(input.layout === "nchw", `${name}.input.layout`, input.layout, ["nchw"]),
    ...unless(isTimeType(time.type), `${name}.time.type`, time.type, ["float32", "int64"]),
    ...unless(time.shape === "[batch]", `${name}.time.shape`, time.shape, ["[batch]"]),
    ...unless(output.type === "float32", `${name}.output.type`, output.type, ["float32"]),
    ...unless(batch === "dynamic", `${name}.batch`, batch, ["dynamic"]),
  ];
}

/** The element types of a time input that a worker can feed. */
export function isTimeType(type: string): type is "float32" | "int64" {
  return type === "float32" || type === "int64";
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
