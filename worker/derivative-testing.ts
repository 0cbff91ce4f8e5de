import { InferenceSession, Tensor } from "onnxruntime-node";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { type OnnxModel, writeModel } from "../onnx/model-file.ts";
import { tensor } from "../onnx/tensor.ts";
import {
  type CaseInput,
  count,
  type Instance,
  type OperatorCase,
} from "./derivative-cases/operator-case.ts";

export type RealType = "float32" | "float64";

/** A drawn case as a model of one node and what it takes. */
export interface CaseModel {
  readonly model: OnnxModel;
  readonly type: RealType;
  /** Values and shape of the input x: the active inputs, end to end where there are several. */
  readonly x: readonly number[];
  readonly xShape: readonly number[];
  readonly outputs: readonly string[];
}

export interface Drawn {
  readonly opset: number;
  readonly instance: Instance;
  /** Whether x is declared with a rank only, its dimensions to be known at run time. */
  readonly isDynamic: boolean;
}

/** The model of a case: one active input is x itself; several are cut out of a list x. */
export function caseModel(
  { operator, precision }: OperatorCase,
  { opset, instance, isDynamic }: Drawn,
): CaseModel {
  const type = precision === "float64" ? "float64" : "float32";
  const graph = new GraphBuilder(operator);
  const active = instance.inputs.filter((input) => input?.active).filter((input) => !!input);
  const only = active.length === 1 ? active[0] : undefined;
  const xShape = only?.shape ?? [active.reduce((sum, { shape }) => sum + count(shape), 0)];
  const dims = xShape.map((dim, i) => (isDynamic ? `d${i}` : dim));
  const x = graph.input("x", type, dims);
  const parts = only === undefined ? cut(graph, x, active) : [x];
  const names = instance.inputs.map((input, i) => {
    if (input === undefined) return "";
    if (input.active) return parts.shift() ?? "";
    return graph.initializer(`c${i}`, constantTensor(input, type));
  });
  const outputs = Array.from({ length: instance.outputs ?? 1 }, (_, i) => `y${i}`);
  graph.nodeWithOutputs(operator, names, outputs, instance.attributes);
  for (const output of outputs) graph.output(output, type, []);
  const built = graph.build({ opset });
  for (const { type: declared } of built.graph.output) {
    if (declared?.tensorType !== undefined) declared.tensorType.shape = undefined;
  }
  return {
    model: built,
    type,
    x: active.flatMap(({ values }) => values),
    xShape,
    outputs,
  };
}

function cut(graph: GraphBuilder, x: string, inputs: readonly CaseInput[]): string[] {
  const lengths = inputs.map(({ shape }) => count(shape));
  const split = graph.initializer("lengths", tensor("int64", [lengths.length], lengths));
  const parts = graph.nodeWithOutputs(
    "Split",
    [x, split],
    lengths.map((_, i) => `part${i}`),
  );
  return inputs.map(({ shape }, i) => {
    const target = graph.initializer(`shape${i}`, tensor("int64", [shape.length], shape));
    return graph.node("Reshape", [parts[i] ?? "", target]);
  });
}

function constantTensor(
  { type, shape, values }: CaseInput,
  real: RealType,
): ReturnType<typeof tensor> {
  return tensor(type === "real" ? real : type, shape, values);
}

/** A loaded model of one real type. */
export class Loaded {
  readonly #session: InferenceSession;
  readonly #type: RealType;

  private constructor(session: InferenceSession, type: RealType) {
    this.#session = session;
    this.#type = type;
  }

  static async of(model: OnnxModel, type: RealType): Promise<Loaded> {
    const session = await InferenceSession.create(writeModel(model), {
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    return new Loaded(session, type);
  }

  async run(
    feeds: Readonly<Record<string, { values: readonly number[]; shape: readonly number[] }>>,
  ): Promise<Readonly<Record<string, { values: number[]; dims: readonly number[] }>>> {
    const array = this.#type === "float64" ? Float64Array : Float32Array;
    const tensors = Object.entries(feeds).map(([name, { values, shape }]) => [
      name,
      new Tensor(this.#type, array.from(values), shape),
    ]);
    const outputs = await this.#session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data, dims }]) => [
        name,
        { values: Array.from(data as Iterable<number>, Number), dims },
      ]),
    );
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
