import { ELEMENT_BYTES } from "./element-type.ts";
import { type Fact, factOfValueInfo, staticShape } from "./fact.ts";
import type { ValueInfoProto } from "./gen/onnx.ts";
import { Graph } from "./graph.ts";
import type { OnnxModel } from "./model-file.ts";
import { type GraphNode, isStandardDomain } from "./node-attributes.ts";
import { elementwise } from "./shape-inference/elementwise.ts";
import { factsOf } from "./shape-inference/facts.ts";
import { signatureOf } from "./signature.ts";
import { elementCount } from "./tensor.ts";
import { readsOf } from "./topological-order.ts";
import { valueInfo } from "./value-info.ts";

/** Operators whose output a runtime writes over an input of its size that nobody reads any more. */
const IN_PLACE: ReadonlySet<string> = new Set([
  ...Object.keys(elementwise),
  ...["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast"],
]);

/** What a graph needs at once. */
export interface PeakMemory {
  /** Of the values that are alive at once, inputs and outputs among them, weights and an operator's own buffers not. */
  readonly bytes: number;
  /** Values of unknown size, which count as none. */
  readonly unknown: number;
}

/**
 * An estimate of the memory that one evaluation of a graph takes beside its weights: the most that its values have
 * together at any node, each from where it is made to where it is read for the last time, in the order of the file. Pure:
 * nothing is run.
 *
 * @param lengths of dimensions that the file leaves open, by the input and the axis
 */
export function peakMemory(
  model: OnnxModel,
  lengths: (input: string, axis: number, rank: number) => number,
): PeakMemory {
  const graph = new Graph(withLengths(model, lengths));
  const living = new Living(graph);
  for (const node of graph.nodes) living.run(node);
  return living.peak;
}

/** The values of a graph that are alive while its nodes run one after the other. */
class Living {
  readonly #graph: Graph;
  readonly #facts: ReadonlyMap<string, Fact>;
  /** A caller's inputs and outputs are the caller's: they live from the beginning, or to the end. */
  readonly #callers: ReadonlySet<string>;
  /** Nodes that are still to read a value. */
  readonly #readers = new Map<string, number>();
  readonly #bytes = new Map<string, number>();
  #now = 0;
  #most = 0;
  #unknown = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#facts = factsOf(graph);
    this.#callers = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
    for (const node of graph.nodes) {
      for (const name of readBy(node)) {
        this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
      }
    }
    for (const { name } of graph.inputs) this.#make(name);
  }

  get peak(): PeakMemory {
    return { bytes: this.#most, unknown: this.#unknown };
  }

  run(node: GraphNode): void {
    const { output } = node;
    for (const name of output) this.#make(name);
    const dead = readBy(node).filter((name) => this.#isReadNoMore(name));
    this.#most = Math.max(this.#most, this.#now - this.#overwritten(node, dead));
    const unread = output.filter((name) => !this.#readers.has(name));
    for (const name of [...dead, ...unread]) this.#free(name);
  }

  #make(name: string): void {
    if (name === "" || this.#graph.initializer(name) !== undefined) return;
    const fact = this.#facts.get(name);
    const shape = fact === undefined ? undefined : staticShape(fact);
    if (shape === undefined) this.#unknown++;
    const width = ELEMENT_BYTES[fact?.type ?? "float32"];
    const bytes = shape === undefined ? 0 : width * elementCount(shape);
    this.#bytes.set(name, bytes);
    this.#now += bytes;
  }

  #isReadNoMore(name: string): boolean {
    const left = (this.#readers.get(name) ?? 0) - 1;
    this.#readers.set(name, left);
    return left === 0;
  }

  /** Bytes of a node's output that take no place of their own. */
  #overwritten(node: GraphNode, dead: readonly string[]): number {
    if (!isStandardDomain(node.domain) || !IN_PLACE.has(node.opType)) return 0;
    const made = this.#bytes.get(node.output[0] ?? "") ?? 0;
    const fits = (name: string): boolean =>
      !this.#callers.has(name) && this.#bytes.get(name) === made;
    return dead.some(fits) ? made : 0;
  }

  #free(name: string): void {
    if (this.#callers.has(name)) return;
    this.#now -= this.#bytes.get(name) ?? 0;
    this.#bytes.delete(name);
  }
}

/** Each value that a node reads, once. */
function readBy(node: GraphNode): readonly string[] {
  return [...new Set(readsOf(node))];
}

/** The model with a length for every dimension of its inputs, and for those of other values that have the same names. */
function withLengths(
  model: OnnxModel,
  lengths: (input: string, axis: number, rank: number) => number,
): OnnxModel {
  const named = new Map<string, number>();
  const closed = new Map<string, ValueInfoProto>();
  for (const { name, type = "float32", shape = [] } of signatureOf(model).inputs) {
    const dims = shape.map((dim, axis) => {
      if (typeof dim === "number") return dim;
      const length = lengths(name, axis, shape.length);
      if (dim !== undefined) named.set(dim, length);
      return length;
    });
    closed.set(name, valueInfo(name, type, dims));
  }
  const { input, output, valueInfo: others } = model.graph;
  const close = (info: ValueInfoProto): ValueInfoProto => {
    const { type, shape } = factOfValueInfo(info);
    if (type === undefined || shape === undefined) return info;
    const dims = shape.map((dim) => (typeof dim === "string" ? (named.get(dim) ?? dim) : dim));
    return valueInfo(info.name, type, dims);
  };
  const graph = {
    ...model.graph,
    input: input.map((info) => closed.get(info.name) ?? info),
    output: output.map(close),
    valueInfo: others.map(close),
  };
  return { ...model, graph };
}
