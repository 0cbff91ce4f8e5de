/** A stretch of free elements. */
interface Extent {
  from: number;
  length: number;
}

/**
 * The shared memory that holds every running row's registers, in float32 elements. Allocation is first fit;
 * neighbouring free stretches are merged, so that an empty slab is always one stretch.
 *
 * The pages are only touched when a row is written, so a large slab costs nothing until it is used.
 */
export class Slab {
  readonly memory: SharedArrayBuffer;
  readonly elements: Float32Array;
  /** Free stretches in order of place. */
  readonly #free: Extent[];
  readonly #taken = new Map<number, number>();
  #used = 0;

  /** @param bytes a multiple of 4 */
  constructor(bytes: number) {
    this.memory = new SharedArrayBuffer(bytes);
    this.elements = new Float32Array(this.memory);
    this.#free = [{ from: 0, length: this.elements.length }];
  }

  /** Elements that are taken. */
  get used(): number {
    return this.#used;
  }

  get size(): number {
    return this.elements.length;
  }

  /** @returns the first element of a stretch of `length`, or undefined where there is no room now */
  allocate(length: number): number | undefined {
    const i = this.#free.findIndex((extent) => extent.length >= length);
    const extent = this.#free[i];
    if (extent === undefined) return undefined;
    const { from } = extent;
    extent.from += length;
    extent.length -= length;
    if (extent.length === 0) this.#free.splice(i, 1);
    this.#taken.set(from, length);
    this.#used += length;
    return from;
  }

  /** @throws RangeError where `from` is not the start of a taken stretch */
  release(from: number): void {
    const length = this.#taken.get(from);
    if (length === undefined) throw new RangeError(`nothing is taken at element ${from}`);
    this.#taken.delete(from);
    this.#used -= length;
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#free[middle]?.from ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    this.#free.splice(low, 0, { from, length });
    this.#merge(low);
    this.#merge(low - 1);
  }

  /** Joins stretch i with the one after it where they touch. */
  #merge(i: number): void {
    const extent = this.#free[i];
    const next = this.#free[i + 1];
    if (extent === undefined || next === undefined) return;
    if (extent.from + extent.length !== next.from) return;
    extent.length += next.length;
    this.#free.splice(i + 1, 1);
  }
}
