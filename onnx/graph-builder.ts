import { type AttributeValue, named } from "./attribute.ts";
import type { ElementType } from "./element-type.ts";
import { GraphProto, ModelProto, NodeProto, type TensorProto } from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";
import { type Dimension, valueInfo } from "./value-info.ts";

export interface NodeOptions {
  /** Name of the (first) output; default: the operator's name and a number. */
  readonly name?: string;
  /** The operator's domain; default: the standard operators. */
  readonly domain?: string;
}

export interface ModelOptions {
  /** Version of the standard operators. */
  readonly opset: number;
  /** Version of the file format; default 8, that of opsets 15 to 18. */
  readonly irVersion?: number;
  readonly docString?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Builds a graph value by value: every method takes the names of values that exist and returns the name of the value
 * that it adds, so that nodes come out in topological order. The same calls give the same graph.
 */
export class GraphBuilder {
  readonly #graph: GraphProto;
  readonly #values = new Set<string>();
  #unnamed = 0;

  constructor(name: string) {
    this.#graph = GraphProto.create({ name });
  }

  /** @throws RangeError for a name that is taken. */
  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.#graph.input.push(valueInfo(this.#add(name), type, shape));
    return name;
  }

  /** A constant of the graph. @throws RangeError for a name that is taken. */
  initializer(name: string, tensor: TensorProto): string {
    this.#graph.initializer.push({ ...tensor, name: this.#add(name) });
    return name;
  }

  /**
   * A node with one output.
   *
   * @param inputs names of values; "" leaves an optional input out
   * @throws RangeError for an input that does not exist or a name that is taken.
   */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    options: NodeOptions = {},
  ): string {
    const output = options.name ?? this.#freeName(operator);
    this.#push(operator, inputs, attributes, [output], options);
    return output;
  }

  /** A node with several outputs, of the given names. @throws RangeError as `node`. */
  nodeWithOutputs(
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    options: NodeOptions = {},
  ): readonly string[] {
    this.#push(operator, inputs, attributes, outputs, options);
    return outputs;
  }

  /** Makes a value an output of the graph. @throws RangeError for one that does not exist or already is. */
  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.#require(name, "output");
    if (this.#graph.output.some((output) => output.name === name)) {
      throw new RangeError(`${name} is an output already`);
    }
    this.#graph.output.push(valueInfo(name, type, shape));
  }

  /** The model so far. @throws RangeError for a graph without outputs. */
  build(options: ModelOptions): OnnxModel {
    if (this.#graph.output.length === 0) {
      throw new RangeError(`the graph ${this.#graph.name} has no outputs`);
    }
    const metadata = Object.entries(options.metadata ?? {});
    const model = ModelProto.create({
      irVersion: BigInt(options.irVersion ?? 8),
      producerName: "scorestream",
      docString: options.docString ?? "",
      opsetImport: [{ domain: "", version: BigInt(options.opset) }],
      metadataProps: metadata.map(([key, value]) => ({ key, value })),
    });
    return { ...model, graph: this.#snapshot() };
  }

  /** The graph with lists of its own; their members are never changed once they are in. */
  #snapshot(): GraphProto {
    const { node, initializer, input, output, valueInfo } = this.#graph;
    return {
      ...this.#graph,
      node: [...node],
      initializer: [...initializer],
      input: [...input],
      output: [...output],
      valueInfo: [...valueInfo],
    };
  }

  #push(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    outputs: readonly string[],
    options: NodeOptions,
  ): void {
    for (const input of inputs) if (input !== "") this.#require(input, operator);
    for (const [i, output] of outputs.entries()) {
      if (outputs.indexOf(output) !== i) throw new RangeError(`the name ${output} is taken`);
      this.#requireFree(output);
    }
    const node = NodeProto.create({
      name: outputs[0] ?? "",
      opType: operator,
      domain: options.domain ?? "",
      input: [...inputs],
      output: outputs.map((output) => this.#add(output)),
    });
    node.attribute = Object.entries(attributes).map(([name, value]) => named(name, value));
    this.#graph.node.push(node);
  }

  #freeName(operator: string): string {
    let name: string;
    do name = `${operator}_${this.#unnamed++}`;
    while (this.#values.has(name));
    return name;
  }

  #add(name: string): string {
    this.#requireFree(name);
    this.#values.add(name);
    return name;
  }

  #requireFree(name: string): void {
    if (name === "") throw new RangeError("a value needs a name");
    if (this.#values.has(name)) throw new RangeError(`the name ${name} is taken`);
  }

  #require(name: string, user: string): void {
    if (!this.#values.has(name)) {
      throw new RangeError(`${user} asks for ${name}, which is no value of ${this.#graph.name}`);
    }
  }
}
