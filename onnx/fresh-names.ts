import type { GraphProto } from "./gen/onnx.ts";
import { graphsOf } from "./node-attributes.ts";

/** The names of a graph's values, and new ones beside them. The same calls give the same names. */
export class FreshNames {
  readonly #taken: Set<string>;
  readonly #counts = new Map<string, number>();
  #prefix: string | undefined;

  private constructor(taken: Set<string>) {
    this.#taken = taken;
  }

  /** With all names of a graph, and of the graphs inside it, taken. */
  static of(graph: GraphProto): FreshNames {
    return new FreshNames(new Set(namesOf(graph)));
  }

  /** Takes a name. @throws RangeError where it is taken. */
  take(name: string): void {
    if (this.#taken.has(name)) throw new RangeError(`the name ${name} is taken`);
    this.#taken.add(name);
  }

  /** Takes a name after the prefix of `within`, else after `base`: that itself, or with the next number. */
  fresh(base: string): string {
    const stem = this.#prefix ?? base;
    let count = this.#counts.get(stem) ?? 0;
    let name = count === 0 ? stem : `${stem}_${count}`;
    while (this.#taken.has(name)) name = `${stem}_${++count}`;
    this.#counts.set(stem, count + 1);
    this.#taken.add(name);
    return name;
  }

  /** Runs `run` with new names after `prefix`. */
  within<T>(prefix: string, run: () => T): T {
    const outer = this.#prefix;
    this.#prefix = prefix;
    try {
      return run();
    } finally {
      this.#prefix = outer;
    }
  }
}

function* namesOf(graph: GraphProto): Generator<string, void, undefined> {
  for (const { name } of [...graph.input, ...graph.initializer]) yield name;
  for (const node of graph.node) {
    yield* node.output;
    for (const inner of graphsOf(node)) yield* namesOf(inner);
  }
}
