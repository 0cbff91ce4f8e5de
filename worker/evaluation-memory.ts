import type { OnnxModel } from "../onnx/index.ts";
import { type PeakMemory, peakMemory } from "../onnx/peak-memory.ts";
import type { GraphSource, PictureShape } from "./protocol.ts";
import { readNetwork } from "./read-network.ts";
import { batchSizesOf, mostBytesOfRun } from "./sessions.ts";

const MIB = 1024 * 1024;

/** What is to be known of a graph's inputs beside its file. */
export type ModelShape = PictureShape & Pick<GraphSource, "classInput">;

/** One place of a run needs more than a run may take. */
export class TooLargeError extends RangeError {
  override readonly name = "TooLargeError";
}

/**
 * Memory of one place of a run of a graph, beside weights: what its values take at once, in the model's shape where the file
 * leaves dimensions open. Of a graph that is not understood here nothing is known, so that it runs as far as it can.
 */
export function placeMemory(
  network: OnnxModel,
  { channels, height, width, classInput }: ModelShape,
): PeakMemory {
  const picture = [1, channels, height, width];
  const labels = [1, classInput?.classes ?? 1];
  try {
    return peakMemory(network, (_, axis, rank) => (rank === 4 ? picture : labels)[axis] ?? 1);
  } catch (error) {
    if (error instanceof RangeError) return { bytes: 0, unknown: Number.POSITIVE_INFINITY };
    throw error;
  }
}

/**
 * Places that a run may have so that it stays within so many bytes: its values grow with its places at most in proportion.
 *
 * @param sizes the only numbers of places that are run, ascending; none: any
 * @throws TooLargeError where not even the least fits
 */
export function placesWithin(
  { bytes }: Pick<PeakMemory, "bytes">,
  mostBytes: number,
  sizes: readonly number[] = [],
): number {
  const [least = 1] = sizes;
  const places = Math.floor(mostBytes / bytes);
  if (places >= least) return sizes.findLast((size) => size <= places) ?? places;
  const [seen, most] = [least * bytes, mostBytes].map((value) => Number((value / MIB).toFixed(1)));
  const rows = least === 1 ? "one row takes" : `${least} rows, the fewest that are run here, take`;
  throw new TooLargeError(
    `${rows} ${seen} MiB at once beside the weights, expected at most ${most} (--max-evaluation-mib)`,
  );
}

/** Of graphs that were asked for, by key and path. They live as long as the thread: a few numbers each. */
const known = new Map<string, Promise<PeakMemory>>();

/** The memory of one place of a graph's file, which is read once. @throws as `readNetwork` */
export function memoryOf(source: GraphSource): Promise<PeakMemory> {
  const { key, channels, height, width } = source;
  const name = JSON.stringify([key, channels, height, width]);
  let memory = known.get(name);
  if (memory === undefined) {
    memory = readNetwork(source.path).then(({ model }) => placeMemory(model, source));
    known.set(name, memory);
    memory.catch(() => known.delete(name));
  }
  return memory;
}

/**
 * Places of one run of a graph, at most: as many as are asked for and as its memory is bounded in this worker, with a part of
 * that for each of those that share a batch.
 *
 * @param wanted default: all of a batch
 * @throws TooLargeError where not even the least fits; as `readNetwork`
 */
export async function placesPerRunOf(
  source: GraphSource,
  wanted: number | undefined,
): Promise<number | undefined> {
  const mostBytes = mostBytesOfRun() / (source.sharedBy ?? 1);
  if (mostBytes === Number.POSITIVE_INFINITY) return wanted;
  const most = placesWithin(await memoryOf(source), mostBytes, batchSizesOf());
  return Math.min(most, wanted ?? most);
}
