import { type AttributeValue, named } from "./attribute.ts";
import { withoutDeadNodes } from "./dead-nodes.ts";
import { expressionKey, tensorKey } from "./expression-key.ts";
import { type Fact, factOfTensor, factOfValueInfo, UNKNOWN } from "./fact.ts";
import { FreshNames } from "./fresh-names.ts";
import { NodeProto, type TensorProto, type ValueInfoProto } from "./gen/onnx.ts";
import type { Graph } from "./graph.ts";
import type { OnnxModel } from "./model-file.ts";
import type { GraphNode } from "./node-attributes.ts";
import { factsOf } from "./shape-inference/facts.ts";
import { inferNode } from "./shape-inference/infer.ts";
import { readsOf } from "./topological-order.ts";

/**
 * A graph that grows from a source graph: it holds the source's inputs and initialisers, takes over its nodes one by
 * one (`copy`), and gets new ones (`node`). Of every value it knows the fact: type, shape, elements.
 *
 * A new node that would compute what another already does (same operator, attributes, inputs) is not added: its
 * values are the other's. Names never collide with a name of the source, copied or not.
 */
export class Emitter {
  readonly source: Graph;
  #nodes: GraphNode[] = [];
  readonly #facts: Map<string, Fact>;
  readonly #producers = new Map<string, GraphNode>();
  readonly #expressions = new Map<string, readonly string[]>();
  readonly #constants: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #names: FreshNames;

  constructor(source: Graph) {
    this.source = source;
    this.#names = FreshNames.of(source.model.graph);
    this.#facts = factsOf(source);
  }

  /** Version of the standard operators. */
  get opset(): number {
    return this.source.opset;
  }

  /** What is known of a value. */
  fact(name: string): Fact {
    return this.#facts.get(name) ?? UNKNOWN;
  }

  /** The node that makes a value; undefined for inputs, constants and what is not yet there. */
  producer(name: string): GraphNode | undefined {
    return this.#producers.get(name);
  }

  /** An input beside the source's. @param like a value whose shape it has. @throws RangeError for a name that is taken. */
  input(info: ValueInfoProto, like?: string): string {
    this.#names.take(info.name);
    const declared = factOfValueInfo(info);
    const { shape = declared.shape } = like === undefined ? declared : this.fact(like);
    this.#facts.set(info.name, { type: declared.type, shape });
    this.#inputs.push(info);
    return info.name;
  }

  /** A constant; the same one for the same type, shape and elements. */
  constant(value: TensorProto): string {
    const [known] = this.#expressions.get(tensorKey(value)) ?? [];
    if (known !== undefined) return known;
    const name = this.#names.fresh("constant");
    this.#constants.push({ ...value, name });
    this.#facts.set(name, factOfTensor(value));
    this.#expressions.set(tensorKey(value), [name]);
    return name;
  }

  /** Takes over a node of the source, as it is. */
  copy(node: GraphNode): void {
    this.#nodes.push(node);
    this.#register(node);
  }

  /** Makes values of the source in another way, in place of the nodes that make them there. */
  define(
    values: readonly string[],
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): void {
    const node = NodeProto.create({ opType: operator, name: values[0] ?? "", output: [...values] });
    node.input = [...inputs];
    node.attribute = Object.entries(attributes).map(([name, value]) => named(name, value));
    this.#nodes.push(node);
    this.#register(node);
  }

  /** The first output of a standard operator. @param inputs "": an optional input left out */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const [output = ""] = this.nodeWithOutputs(operator, inputs, 1, attributes);
    return output;
  }

  /** The outputs of a standard operator. */
  nodeWithOutputs(
    operator: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): readonly string[] {
    const node = NodeProto.create({ opType: operator, input: [...inputs] });
    node.attribute = Object.entries(attributes).map(([name, value]) => named(name, value));
    return this.#add(
      node,
      Array.from({ length: count }, () => true),
    );
  }

  /** The outputs of a node like `node`, of its domain and attributes, with other inputs; "" where it has none. */
  again(node: GraphNode, inputs: readonly string[]): readonly string[] {
    return this.#add(
      { ...node, input: [...inputs] },
      node.output.map((output) => output !== ""),
    );
  }

  /** Runs `emit`, whose new values are called after `name`. */
  called<T>(name: string, emit: () => T): T {
    return this.#names.within(name, emit);
  }

  /** Keeps a name for `rename`. @throws RangeError for a name that is taken */
  reserve(name: string): void {
    this.#names.take(name);
  }

  /** Gives a value a reserved name: as its own where a new node makes it, else by an Identity. */
  rename(value: string, name: string): void {
    const at = this.#nodes.findIndex(({ output }) => output.includes(value));
    if (at < 0 || this.source.producer(value) !== undefined) {
      this.#push(NodeProto.create({ opType: "Identity", name, input: [value], output: [name] }));
      return;
    }
    const named = (names: readonly string[]): string[] =>
      names.map((old) => (old === value ? name : old));
    this.#nodes = this.#nodes.map((node) => ({
      ...node,
      input: named(node.input),
      output: named(node.output),
    }));
  }

  /**
   * The model with the given outputs, without the nodes and initialisers that they don't need.
   *
   * @param seeds the values that the tangents or cotangents start from, for the order of the nodes
   */
  finish(outputs: readonly ValueInfoProto[], seeds: readonly string[]): OnnxModel {
    const { model } = this.source;
    const graph = {
      ...model.graph,
      node: this.#inOrderOfExecution(seeds),
      initializer: [...model.graph.initializer, ...this.#constants],
      input: [...model.graph.input, ...this.#inputs],
      output: [...outputs],
    };
    return withoutDeadNodes({ ...model, graph });
  }

  /**
   * First the nodes that don't depend on the seeds, then those that do. ONNX Runtime walks back from the outputs, at
   * each node first into the input that was made last: so it goes along the tangents and computes the primal's values
   * where they are needed, in place of the whole primal first (docs/decisions/0004). Going back, it computes of a
   * derivative what needs no cotangent when that is there, and holds it no longer.
   */
  #inOrderOfExecution(seeds: readonly string[]): GraphNode[] {
    const derived = new Set(seeds);
    const late = new Set<GraphNode>();
    for (const node of this.#nodes) {
      if (!readsOf(node).some((read) => derived.has(read))) continue;
      late.add(node);
      for (const output of node.output) derived.add(output);
    }
    return [...this.#nodes.filter((node) => !late.has(node)), ...late];
  }

  #add(like: GraphNode, present: readonly boolean[]): readonly string[] {
    const key = expressionKey(like, present);
    const known = this.#expressions.get(key);
    if (known !== undefined) return known;
    const output = present.map((wanted) => (wanted ? this.#names.fresh(like.opType) : ""));
    this.#push({ ...like, output, name: output[0] ?? "" });
    return output;
  }

  #push(node: GraphNode): void {
    this.#nodes.push(node);
    this.#register(node);
    const facts = inferNode(node, this.opset, (name) => this.fact(name));
    for (const [i, output] of node.output.entries()) {
      if (output !== "") this.#facts.set(output, facts[i] ?? UNKNOWN);
    }
  }

  #register(node: GraphNode): void {
    for (const output of node.output) if (output !== "") this.#producers.set(output, node);
    const present = node.output.map((output) => output !== "");
    const key = expressionKey(node, present);
    if (!this.#expressions.has(key)) this.#expressions.set(key, node.output);
  }
}
