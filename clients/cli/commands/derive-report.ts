import type { ValueSignature } from "../../../onnx/index.ts";
import type { DerivedFile } from "../../../worker/derive-file.ts";

const WORDS: Readonly<Record<DerivedFile["mode"], string>> = {
  jvp: "J v",
  vjp: "J^T w",
  grad: "gradient",
  "label-grad": "gradient of log p(label | x)",
  guided: "score, and gradient of log p(label | x)",
};

/** What a person reads once a file is written. */
export function report(derived: DerivedFile): string {
  const { file, mode, from, opset, inputs, outputs, nodes, bytes, proof } = derived;
  const width = Math.max(...[...inputs, ...outputs].map(({ name }) => name.length));
  const values = (title: string, list: readonly ValueSignature[]): string[] =>
    list.map((value, i) => {
      const head = (i === 0 ? title : "").padEnd(9);
      return `${head}${value.name.padEnd(width)}  ${value.type ?? "?"} ${shapeText(value)}`;
    });
  const error = (value: number): string => value.toExponential(1);
  return [
    file,
    `${WORDS[mode]} of ${from.output} in ${from.input}, by ${from.files.join(" and ")}`,
    ...values("inputs", inputs),
    ...values("outputs", outputs),
    `graph    opset ${opset}, ${nodes.derived} nodes from ${nodes.source}, ${bytes} bytes`,
    `proof    differs from central differences by ${error(proof.error)}, in its values by ` +
      `${error(proof.valueError)}; at most ${error(proof.tolerance)} is accepted`,
    "",
  ].join("\n");
}

function shapeText({ shape }: ValueSignature): string {
  return shape === undefined ? "of any rank" : `[${shape.map((dim) => dim ?? "?").join(", ")}]`;
}
