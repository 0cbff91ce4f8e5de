import type { GraphProto, TensorProto, ValueInfoProto } from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";
import { type GraphNode, isStandardDomain } from "./node-attributes.ts";
import { readsOf, topologicalOrder } from "./topological-order.ts";

/** A model's graph with its values by name. Immutable: it shares the model's parts and changes none. */
export class Graph {
  readonly model: OnnxModel;
  /** Version of the standard operators. */
  readonly opset: number;
  /** In topological order: the file's own order wherever that is one. */
  readonly nodes: readonly GraphNode[];
  readonly #initializers: ReadonlyMap<string, TensorProto>;
  readonly #producers = new Map<string, GraphNode>();
  readonly #consumers = new Map<string, GraphNode[]>();

  /** @throws RangeError for a value made twice, a value that nothing makes, a cycle, no standard operators. */
  constructor(model: OnnxModel) {
    this.model = model;
    this.opset = standardOpset(model);
    const { graph } = model;
    this.#initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
    const given = [...graph.input.map(({ name }) => name), ...this.#initializers.keys()];
    this.nodes = topologicalOrder(graph.node, given);
    for (const node of this.nodes) {
      for (const output of node.output) if (output !== "") this.#producers.set(output, node);
      for (const read of readsOf(node)) {
        const consumers = this.#consumers.get(read) ?? [];
        this.#consumers.set(read, [...consumers, node]);
      }
    }
    for (const { name } of graph.output) this.require(name);
  }

  get name(): string {
    return this.#proto.name;
  }
  /** What the caller gives: without the inputs that initialisers give a value to. */
  get inputs(): readonly ValueInfoProto[] {
    return this.#proto.input.filter(({ name }) => !this.#initializers.has(name));
  }
  get outputs(): readonly ValueInfoProto[] {
    return this.#proto.output;
  }
  get initializers(): Iterable<TensorProto> {
    return this.#initializers.values();
  }
  get #proto(): GraphProto {
    return this.model.graph;
  }

  initializer(name: string): TensorProto | undefined {
    return this.#initializers.get(name);
  }
  /** The node that makes a value; undefined for inputs and initialisers. */
  producer(name: string): GraphNode | undefined {
    return this.#producers.get(name);
  }
  /** The nodes that read a value, each once, also from graphs inside them. */
  consumers(name: string): readonly GraphNode[] {
    return this.#consumers.get(name) ?? [];
  }

  /** @throws RangeError for a name that is no value of the graph. */
  require(name: string): void {
    const known =
      this.#producers.has(name) ||
      this.#initializers.has(name) ||
      this.#proto.input.some((input) => input.name === name);
    if (!known) throw new RangeError(`${name} is no value of the graph ${this.name}`);
  }

  /** The nodes that the given values are made by, directly or not, in topological order. */
  ancestors(values: readonly string[]): readonly GraphNode[] {
    const wanted = new Set(values);
    const nodes: GraphNode[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.output.some((output) => wanted.has(output))) continue;
      nodes.push(node);
      for (const read of readsOf(node)) wanted.add(read);
    }
    return nodes.reverse();
  }
}

/** Version of the standard operators that a model imports. @throws RangeError where it imports none. */
export function standardOpset({ opsetImport }: OnnxModel): number {
  const standard = opsetImport.find(({ domain }) => isStandardDomain(domain));
  if (standard === undefined) throw new RangeError("the model imports no standard operators");
  return Number(standard.version);
}
