import type { Signature, ValueSignature } from "../../onnx/signature.ts";
import type { Dimension } from "../../onnx/value-info.ts";
import { shown } from "../issue-texts.ts";
import type { Manifest } from "./manifest.ts";
import type { ClassifierEntry, ScoreNetworkEntry, TimeInputEntry } from "./manifest-network.ts";
import { type Finding, fieldFinding } from "./model-problem.ts";

/** A value that a manifest says the file has. */
interface Expected {
  /** Path of the manifest's entry for it, such as `score.input`. */
  readonly field: string;
  readonly name: string;
  readonly type: string;
  /** "batch": the size that the manifest states; undefined: any. */
  readonly shape: readonly (number | "batch" | undefined)[];
}

/**
 * Compares what a manifest says of a network with the inputs and outputs that its file has: names, element types, and
 * shapes as far as the file states them.
 *
 * @param network "score" or "classifier"
 */
export function checkSignature(
  manifest: Manifest,
  network: "score" | "classifier",
  signature: Signature,
): readonly Finding[] {
  const entry = manifest[network];
  if (entry === undefined) return [];
  const inputs = expectedInputs(manifest, network, entry);
  const mismatches = inputs.flatMap((input) =>
    checkValue(input, "input", signature.inputs, entry.batch),
  );
  const output = expectedOutput(manifest, network, entry);
  return [
    ...mismatches,
    ...unnamedInputs(network, entry.file, inputs, signature),
    ...checkValue(output, "output", signature.outputs, entry.batch),
  ];
}

/** Inputs of the file beside those that the manifest names. Where it names one wrongly, that alone is said. */
function unnamedInputs(
  network: string,
  file: string,
  inputs: readonly Expected[],
  signature: Signature,
): readonly Finding[] {
  const names = inputs.map(({ name }) => name);
  const unnamed = signature.inputs.filter(({ name }) => !names.includes(name));
  if (signature.inputs.length - unnamed.length < names.length) return [];
  return unnamed.map(({ name }) =>
    fieldFinding(
      network,
      `${file} also asks for an input ${shown(name)} that the manifest does not name`,
    ),
  );
}

function expectedInputs(
  { shape, classes }: Manifest,
  network: string,
  entry: ScoreNetworkEntry | ClassifierEntry,
): readonly Expected[] {
  const { input, time } = entry;
  const picture = pictureShape(input.layout, shape.channels, shape);
  const inputs: Expected[] = [
    { field: `${network}.input`, name: input.name, type: input.type, shape: picture },
    { field: `${network}.time`, name: time.name, type: time.type, shape: TIME_SHAPES[time.shape] },
  ];
  const label = "class" in entry ? entry.class : undefined;
  if (label !== undefined) {
    const labels =
      label.encoding === "index" ? (["batch"] as const) : (["batch", classes.length] as const);
    inputs.push({ field: `${network}.class`, name: label.name, type: label.type, shape: labels });
  }
  return inputs;
}

function expectedOutput(
  { shape, classes, score }: Manifest,
  network: "score" | "classifier",
  { output, input }: ScoreNetworkEntry | ClassifierEntry,
): Expected {
  const channels = score.output.channels ?? shape.channels;
  const outputShape =
    network === "score"
      ? pictureShape(input.layout, channels, shape)
      : (["batch", classes.length] as const);
  return { field: `${network}.output`, name: output.name, type: output.type, shape: outputShape };
}

function pictureShape(
  layout: "nchw" | "nhwc",
  channels: number,
  { height, width }: Manifest["shape"],
): Expected["shape"] {
  return layout === "nchw"
    ? ["batch", channels, height, width]
    : ["batch", height, width, channels];
}

const TIME_SHAPES: Readonly<Record<TimeInputEntry["shape"], Expected["shape"]>> = {
  "[batch]": ["batch"],
  "[batch,1]": ["batch", 1],
  "[batch,1,1,1]": ["batch", 1, 1, 1],
  scalar: [],
};

function checkValue(
  expected: Expected,
  role: "input" | "output",
  values: readonly ValueSignature[],
  batch: "dynamic" | number,
): readonly Finding[] {
  const { field, name, type, shape } = expected;
  const value = values.find((one) => one.name === name);
  if (value === undefined) {
    const names = values.map((one) => shown(one.name)).join(", ") || "none";
    const message = `seen ${shown(name)}, which is no ${role} of the file; it has ${names}`;
    return [fieldFinding(`${field}.name`, message)];
  }
  const findings: Finding[] = [];
  if (value.type !== type) {
    const message = `seen ${shown(type)}, but ${role} ${name} of the file is of ${value.type ?? "a type unknown here"}`;
    findings.push(fieldFinding(`${field}.type`, message));
  }
  if (value.shape !== undefined && !fits(value.shape, shape, batch)) {
    const wanted = shape.map((size) => (size === "batch" ? batch : size));
    const message = `${role} ${name} of the file has shape ${shapeText(value.shape)}, expected ${shapeText(wanted)}`;
    findings.push(fieldFinding(field, message));
  }
  return findings;
}

function fits(
  seen: readonly Dimension[],
  expected: Expected["shape"],
  batch: "dynamic" | number,
): boolean {
  if (seen.length !== expected.length) return false;
  return seen.every((size, i) => {
    if (typeof size !== "number") return expected[i] !== "batch" || batch === "dynamic";
    return size === (expected[i] === "batch" ? batch : expected[i]);
  });
}

function shapeText(shape: readonly Dimension[]): string {
  return `[${shape.map((size) => size ?? "?").join(", ")}]`;
}
