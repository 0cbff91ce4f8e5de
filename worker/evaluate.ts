import { type InferenceSession, Tensor } from "onnxruntime-node";
import type { GraphSource } from "./protocol.ts";
import { sessionOf } from "./sessions.ts";

/** The tensors of one graph at one batch size, reused from batch to batch. */
interface Buffers {
  readonly x: Float32Array;
  readonly times: Float32Array | BigInt64Array;
  readonly feeds: InferenceSession.FeedsType;
  readonly output: Float32Array;
  readonly fetches: Record<string, Tensor>;
}

/** Batches of one graph come in few sizes; more than this many at once are not worth their memory. */
const MAX_BUFFERS = 128;
const buffers = new Map<string, Buffers>();

/** A batch that is ready to be filled and evaluated. */
export interface Evaluator {
  /** float32[rows, channels, height, width], to be filled by the caller. */
  readonly x: Float32Array;
  setTime(row: number, time: number): void;
  /** @returns float32[rows, outputChannels, height, width], valid until the next call */
  run(): Promise<Float32Array>;
}

/**
 * Prepares one evaluation of a graph on `rows` rows. Batches of one thread share their tensors, so one must have
 * ended before the next is prepared.
 */
export async function evaluator(source: GraphSource, rows: number): Promise<Evaluator> {
  const session = await sessionOf(source);
  const { x, times, feeds, output, fetches } = buffersOf(source, rows);
  return {
    x,
    setTime(row, time) {
      if (times instanceof Float32Array) times[row] = time;
      else times[row] = BigInt(Math.round(time));
    },
    async run() {
      await session.run(feeds, fetches);
      return output;
    },
  };
}

function buffersOf(source: GraphSource, rows: number): Buffers {
  const key = `${source.key}/${rows}`;
  const known = buffers.get(key);
  if (known !== undefined) return known;
  const { channels, height, width, outputChannels } = source;
  const x = new Float32Array(rows * channels * height * width);
  const times = source.timeType === "int64" ? new BigInt64Array(rows) : new Float32Array(rows);
  const output = new Float32Array(rows * outputChannels * height * width);
  const time =
    times instanceof Float32Array
      ? new Tensor("float32", times, [rows])
      : new Tensor("int64", times, [rows]);
  const made: Buffers = {
    x,
    times,
    feeds: {
      [source.inputName]: new Tensor("float32", x, [rows, channels, height, width]),
      [source.timeName]: time,
    },
    output,
    fetches: {
      [source.outputName]: new Tensor("float32", output, [rows, outputChannels, height, width]),
    },
  };
  if (buffers.size >= MAX_BUFFERS) buffers.clear();
  buffers.set(key, made);
  return made;
}
