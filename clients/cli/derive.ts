import type { FileDerivation } from "../../worker/derive-file-plan.ts";
import { type Command, parsed, UsageError } from "./command.ts";
import { report } from "./derive-report.ts";

const help = `Derives an ONNX model and writes the result as an ONNX file, after comparing it with central differences.

  scorestream derive --jvp MODEL          f and J v: one more input, <input>_tangent (v), one more output,
                                          <output>_tangent (J v); J is the derivative of the output in the input
  scorestream derive --vjp MODEL          f and J^T w: <output>_cotangent (w) in, <input>_cotangent out
  scorestream derive --grad MODEL         f, one number a row, and its gradient: <input>_gradient
  scorestream derive --grad --label MODEL a classifier and the gradient of log p(label | x): the input label, an int64
                                          a row, and <input>_gradient
  scorestream derive --guided SCORE CLASSIFIER
                                          both in one graph: the score network's output, classifier_<input>_gradient

  --input NAME              input to differentiate in; default: the only one of real numbers and four dimensions
  --output-name NAME        output to differentiate; with --guided: the score network's; default: the only one
  --classifier-input NAME, --classifier-output NAME
                            the same of the classifier of --guided
  --label                   with --grad: the output holds a classifier's logits
  --log-probabilities       with --grad or --guided: the classifier's output holds log p already, not logits
  --dim NAME=LENGTH         length, in the comparison, of a dimension known at run time; the first one (the batch) is
                            4 unless given
  --output FILE             file to write; default: beside the model, model.jvp.onnx (.vjp, .grad, .guided)
  --force                   overwrites it
  --json                    prints one JSON object
  --help                    prints this

Examples:
  scorestream derive --jvp models/color-digits/score.onnx --output digits.jvp.onnx
  scorestream derive --grad --label models/color-digits/classifier.onnx --output digits.grad.onnx --json
  scorestream derive --guided models/color-digits/score.onnx models/color-digits/classifier.onnx --output guided.onnx

Exit codes: 0 written; 1 not written (no such file, not differentiable, not proved, the file exists); 2 usage.
docs/differentiation.md has the equations, the operators and what the proof is worth.
`;

const OPTIONS = {
  jvp: { type: "boolean" },
  vjp: { type: "boolean" },
  grad: { type: "boolean" },
  guided: { type: "boolean" },
  input: { type: "string" },
  "output-name": { type: "string" },
  "classifier-input": { type: "string" },
  "classifier-output": { type: "string" },
  label: { type: "boolean" },
  "log-probabilities": { type: "boolean" },
  dim: { type: "string", multiple: true },
  output: { type: "string" },
  force: { type: "boolean" },
  json: { type: "boolean" },
} as const;

const MODES = ["jvp", "vjp", "grad", "guided"] as const;

type Mode = (typeof MODES)[number];
type Flags = ReturnType<typeof parsed<typeof OPTIONS>>["values"];

export const derive: Command = {
  help,
  async run(args) {
    const { values: flags, positionals: files } = parsed(args, OPTIONS);
    const derivation = derivationOf(modeOf(flags), files, flags);
    const dims = dimsOf(flags.dim ?? []);
    // Loads ONNX Runtime, which a wrong command line needn't wait for.
    const { deriveFile } = await import("../../worker/derive-file.ts");
    const derived = await deriveFile(derivation, {
      output: flags.output,
      force: flags.force ?? false,
      dims,
    });
    return flags.json ? `${JSON.stringify(derived)}\n` : report(derived);
  },
};

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
  "classifier-input": ["guided"],
  "classifier-output": ["guided"],
  label: ["grad"],
  "log-probabilities": ["grad", "guided"],
};

function derivationOf(mode: Mode, files: readonly string[], flags: Flags): FileDerivation {
  for (const [flag, modes] of Object.entries(ONLY_WITH)) {
    if (flags[flag as keyof Flags] !== undefined && !modes.includes(mode)) {
      throw new UsageError(`--${flag} goes with --${modes.join(", --")}, not with --${mode}`);
    }
  }
  const [path, second] = files;
  const expected = mode === "guided" ? 2 : 1;
  if (path === undefined || files.length !== expected) {
    const what = expected === 2 ? "two files, SCORE CLASSIFIER" : "one file, MODEL";
    throw new UsageError(`--${mode}: seen ${files.join(" ") || "no file"}, expected ${what}`);
  }
  const kind = flags["log-probabilities"] ? "log-probabilities" : "logits";
  const output = flags["output-name"];
  if (second !== undefined) {
    const [input, classifierOutput] = [flags["classifier-input"], flags["classifier-output"]];
    const classifier = { path: second, input, output: classifierOutput };
    return { mode: "guided", network: { path, input: undefined, output }, classifier, kind };
  }
  const network = { path, input: flags.input, output };
  if (flags.label || flags["log-probabilities"]) return { mode: "label-grad", network, kind };
  return { mode: mode as Exclude<Mode, "guided">, network };
}

function dimsOf(texts: readonly string[]): Readonly<Record<string, number>> {
  const entries = texts.map((text) => {
    const { name, length } = /^(?<name>.+)=(?<length>[1-9]\d{0,8})$/.exec(text)?.groups ?? {};
    if (name === undefined) {
      throw new UsageError(`--dim: seen ${text}, expected NAME=LENGTH, such as --dim height=64`);
    }
    return [name, Number(length)] as const;
  });
  return Object.fromEntries(entries);
}
