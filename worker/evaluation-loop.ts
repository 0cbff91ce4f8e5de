import { InferenceSession, Tensor } from "onnxruntime-node";
import { portionsOf, viewsOf } from "./portions.ts";

/** Batches of each number of places that are tried; the fastest counts. */
const TRIES = 3;

/** One session, and tensors of a batch whose inputs stay as they are. */
export class EvaluationLoop {
  readonly #session: InferenceSession;
  readonly #rows: number;
  readonly #feeds: Record<string, Tensor>;
  readonly #fetches: Record<string, Tensor>;

  private constructor(session: InferenceSession, rows: number) {
    this.#session = session;
    this.#rows = rows;
    const tensors = (all: readonly InferenceSession.ValueMetadata[]): Record<string, Tensor> =>
      Object.fromEntries(all.map((one) => [one.name, tensorOf(one, rows)]));
    this.#feeds = tensors(session.inputMetadata);
    this.#fetches = tensors(session.outputMetadata);
  }

  /** @throws what onnxruntime throws */
  static async open(
    path: string,
    rows: number,
    options: InferenceSession.SessionOptions,
  ): Promise<EvaluationLoop> {
    return new EvaluationLoop(await InferenceSession.create(path, options), rows);
  }

  /** The time of the fastest of a few batches in runs of so many places, after one that warms up, in ms. */
  async fastest(perRun: number): Promise<number> {
    const batch = this.#batch(perRun);
    await batch();
    let ms = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) {
      const before = performance.now();
      await batch();
      ms = Math.min(ms, performance.now() - before);
    }
    return ms;
  }

  /** Rows a second of batches in such runs, over a time. */
  async rate(perRun: number, seconds: number): Promise<number> {
    const batch = this.#batch(perRun);
    const started = performance.now();
    let evaluations = 0;
    while (performance.now() - started < 1000 * seconds) {
      await batch();
      evaluations += this.#rows;
    }
    return (1000 * evaluations) / (performance.now() - started);
  }

  #batch(perRun: number): () => Promise<void> {
    const runs = portionsOf(this.#rows, perRun).map((portion) => ({
      feeds: viewsOf(this.#feeds, portion),
      fetches: viewsOf(this.#fetches, portion),
    }));
    return async () => {
      for (const { feeds, fetches } of runs) await this.#session.run(feeds, fetches);
    };
  }
}

function tensorOf(metadata: InferenceSession.ValueMetadata, rows: number): Tensor {
  if (!metadata.isTensor) throw new TypeError(`${metadata.name} is no tensor`);
  const dims = metadata.shape.map((dim, axis) => (axis === 0 ? rows : Number(dim)));
  const elements = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor("float32", new Float32Array(elements).fill(0.1), dims);
}
