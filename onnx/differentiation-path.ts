import { factOfValueInfo, isDifferentiable } from "./fact.ts";
import type { ValueInfoProto } from "./gen/onnx.ts";
import { Graph } from "./graph.ts";
import type { OnnxModel } from "./model-file.ts";

/** Which output to differentiate, in which input. */
export interface DifferentiationPath {
  /** Name of the input x. */
  readonly input: string;
  /** Name of the output f. */
  readonly output: string;
}

/** The opsets whose operators the rules know. */
export const OPSETS = { first: 13, last: 21 } as const;

/** The graph of a model with its input x and output f. @throws RangeError for what can't be differentiated. */
export function checkedGraph(
  model: OnnxModel,
  path: DifferentiationPath,
): { readonly source: Graph; readonly input: ValueInfoProto; readonly output: ValueInfoProto } {
  const source = new Graph(model);
  if (source.opset < OPSETS.first || source.opset > OPSETS.last) {
    throw new RangeError(
      `the model is of opset ${source.opset}; only ${OPSETS.first} to ${OPSETS.last} can be differentiated: ` +
        "export it with one of those, or convert it with onnx.version_converter",
    );
  }
  const input = found("input", path.input, source.inputs);
  const output = found("output", path.output, source.outputs);
  return { source, input, output };
}

function found(kind: string, name: string, among: readonly ValueInfoProto[]): ValueInfoProto {
  const info = among.find((entry) => entry.name === name);
  if (info === undefined) {
    const names = among.map((entry) => entry.name).join(", ");
    throw new RangeError(`the model has no ${kind} ${name}; it has ${names}`);
  }
  const { type } = factOfValueInfo(info);
  if (!isDifferentiable(type)) {
    throw new RangeError(`the ${kind} ${name} is of type ${type}, which has no derivatives`);
  }
  return info;
}
