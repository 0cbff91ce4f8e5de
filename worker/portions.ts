import { Tensor } from "onnxruntime-node";

/** A number of places is not worth it where a place takes this much longer than at the best number. */
const SLOWER = 1.003;

/**
 * How many places of a batch are best given to one run of the session: the most whose time a place is near the least.
 * On a CPU a graph with many passes over memory is faster in runs whose values stay in the cache; on a GPU a larger run
 * is faster by far. Noise decides only between numbers that are about as good.
 *
 * @param places numbers of places that were measured
 * @param ms time of one run with each of them
 * @returns undefined: as many as a batch has
 */
export function placesPerRun(places: readonly number[], ms: readonly number[]): number | undefined {
  const perPlace = ms.map((time, i) => time / (places[i] ?? 1));
  const best = perPlace.findLastIndex((time) => time <= SLOWER * Math.min(...perPlace));
  return best === ms.length - 1 ? undefined : places[best];
}

/** Times of whole batches, in runs of `perRun` places. */
export function inRuns(
  places: readonly number[],
  ms: readonly number[],
  perRun: number | undefined,
): number[] {
  const runMs = ms[places.indexOf(perRun ?? 0)];
  return ms.map((time, i) => {
    const count = places[i] ?? 1;
    if (perRun === undefined || runMs === undefined || count <= perRun) return time;
    return (count / perRun) * runMs;
  });
}

/**
 * The places of a batch where every run is to have one of a provider's sizes: the last run is filled up to the next one.
 *
 * @param perRun places of one run, at most; default: all
 * @param sizes ascending; none: any size is as good. More places than the last are not filled up
 */
export function paddedPlaces(
  places: number,
  perRun: number | undefined,
  sizes: readonly number[],
): number {
  const rest = perRun === undefined ? places : places % perRun;
  if (rest === 0) return places;
  return places - rest + (sizes.find((size) => size >= rest) ?? rest);
}

/** The places of one run: `count` of them from `first` on. */
export interface Portion {
  readonly first: number;
  readonly count: number;
}

/** All places of a batch, in runs of `perRun` and the rest. */
export function portionsOf(places: number, perRun: number | undefined): Portion[] {
  const portions: Portion[] = [];
  const most = perRun ?? places;
  for (let first = 0; first < places; first += most) {
    portions.push({ first, count: Math.min(most, places - first) });
  }
  return portions;
}

/** Views of tensors whose first axis is that of the places, in the same memory. */
export function viewsOf(
  tensors: Readonly<Record<string, Tensor>>,
  { first, count }: Portion,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { type, data, dims }]) => {
      const [places = 1, ...rest] = dims;
      if (Array.isArray(data)) throw new TypeError(`${name}: seen strings, expected numbers`);
      const length = data.length / places;
      const part = data.subarray(first * length, (first + count) * length);
      // The type and its array belong together, which the constructor's overloads can't say of a union.
      const view = new Tensor(type as "float32", part as Float32Array, [count, ...rest]);
      return [name, view];
    }),
  );
}
