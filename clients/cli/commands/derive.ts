import { Command, Option } from "commander";
import type { FileDerivation } from "../../../worker/derive-file-plan.ts";
import { UsageError } from "../exit-codes.ts";
import { addOptions, examples, kebab, textOption, wrong } from "../flags/option.ts";
import { report } from "./derive-report.ts";

const MODES = ["jvp", "vjp", "grad", "guided"] as const;

type Mode = (typeof MODES)[number];

interface Flags extends Partial<Record<Mode, boolean>> {
  readonly input?: string;
  readonly outputName?: string;
  readonly classifierInput?: string;
  readonly classifierOutput?: string;
  readonly label?: boolean;
  readonly logProbabilities?: boolean;
  readonly dim?: Readonly<Record<string, number>>;
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

const command = new Command("derive")
  .description(
    "Derives an ONNX model and writes the result as an ONNX file, after comparing it with central differences.",
  )
  .argument("[models...]", "one file; with --guided two: the score network and the classifier")
  .action(async (files: readonly string[], flags: Flags) => {
    const derivation = derivationOf(modeOf(flags), files, flags);
    // Loads ONNX Runtime, which a wrong command line needn't wait for.
    const { deriveFile } = await import("../../../worker/derive-file.ts");
    const derived = await deriveFile(derivation, {
      output: flags.output,
      force: flags.force ?? false,
      dims: flags.dim ?? {},
    });
    process.stdout.write(flags.json ? `${JSON.stringify(derived)}\n` : report(derived));
  });

addOptions(command, "What is derived:", [
  () => new Option("--jvp", "f and J v: <input>_tangent (v) in, <output>_tangent (J v) out"),
  () => new Option("--vjp", "f and J^T w: <output>_cotangent (w) in, <input>_cotangent out"),
  () => new Option("--grad", "f, one number a row, and its gradient: <input>_gradient"),
  () => new Option("--label", "with --grad: of log p(label | x); the input label, int64 a row"),
  () => new Option("--guided", "in one graph: the score, and classifier_<input>_gradient"),
  () => new Option("--log-probabilities", "the classifier's output holds log p, not logits"),
]);
addOptions(command, "Of several inputs and outputs:", [
  textOption("--input <name>", "to differentiate in; left out: the only real one of four dims"),
  textOption("--output-name <name>", "to differentiate; left out: the only one"),
  textOption("--classifier-input <name>", "the same of the classifier of --guided"),
  textOption("--classifier-output <name>", "the same of the classifier of --guided"),
  () =>
    new Option(
      "--dim <name=length>",
      "length, in the comparison, of a dimension known at run time; the first (the batch) is 4 unless given",
    ).argParser(dimOf),
]);

export const derive: Command = addOptions(command, "Files:", [
  textOption(
    "--output <file>",
    "left out: beside the model, model.jvp.onnx (.vjp, .grad, .guided)",
  ),
  () => new Option("--force", "overwrites it"),
  () => new Option("--json", "prints one JSON object"),
]).addHelpText(
  "after",
  `${examples(
    "scorestream derive --jvp models/color-digits/score.onnx --output digits.jvp.onnx",
    "scorestream derive --grad --label models/color-digits/classifier.onnx --output digits.grad.onnx --json",
    "scorestream derive --guided models/color-digits/score.onnx models/color-digits/classifier.onnx --output guided.onnx",
  )}
Needs no server. Exit code 1: not written (no such file, not differentiable, not proved, the file exists).
docs/differentiation.md has the equations, the operators and what the proof is worth.
`,
);

function modeOf(flags: Flags): Mode {
  const [mode, ...others] = MODES.filter((name) => flags[name]);
  if (mode === undefined || others.length > 0) {
    const seen = mode === undefined ? "none" : `--${[mode, ...others].join(" --")}`;
    throw new UsageError(`seen ${seen} of --${MODES.join(", --")}, expected one`);
  }
  return mode;
}

/** Flags that only some modes have a use for, with those modes. */
const ONLY_WITH: Partial<Record<keyof Flags, readonly Mode[]>> = {
  input: ["jvp", "vjp", "grad"],
  classifierInput: ["guided"],
  classifierOutput: ["guided"],
  label: ["grad"],
  logProbabilities: ["grad", "guided"],
};

function derivationOf(mode: Mode, files: readonly string[], flags: Flags): FileDerivation {
  for (const [flag, modes] of Object.entries(ONLY_WITH)) {
    if (flags[flag as keyof Flags] !== undefined && !modes.includes(mode)) {
      throw new UsageError(
        `--${kebab(flag)} goes with --${modes.join(", --")}, not with --${mode}`,
      );
    }
  }
  const [path, second] = files;
  const expected = mode === "guided" ? 2 : 1;
  if (path === undefined || files.length !== expected) {
    const what = expected === 2 ? "two files, SCORE CLASSIFIER" : "one file, MODEL";
    throw new UsageError(`--${mode}: seen ${files.join(" ") || "no file"}, expected ${what}`);
  }
  const kind = flags.logProbabilities ? "log-probabilities" : "logits";
  const output = flags.outputName;
  if (second !== undefined) {
    const [input, classifierOutput] = [flags.classifierInput, flags.classifierOutput];
    const classifier = { path: second, input, output: classifierOutput };
    return { mode: "guided", network: { path, input: undefined, output }, classifier, kind };
  }
  const network = { path, input: flags.input, output };
  if (flags.label || flags.logProbabilities) return { mode: "label-grad", network, kind };
  return { mode: mode as Exclude<Mode, "guided">, network };
}

/** One more of --dim, which may be given several times. */
function dimOf(
  text: string,
  before: Readonly<Record<string, number>> | undefined,
): Readonly<Record<string, number>> {
  const { name, length } = /^(?<name>.+)=(?<length>[1-9]\d{0,8})$/.exec(text)?.groups ?? {};
  if (name === undefined) throw wrong("--dim", text, "NAME=LENGTH, such as --dim height=64");
  return { ...before, [name]: Number(length) };
}
