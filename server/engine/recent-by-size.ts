import { Recent } from "./recent.ts";

/** Measurements of one batch size whose median counts; up to half of them may be anything. */
const WINDOW = 15;

/** Fewer measurements of a size say nothing by themselves. */
const ENOUGH = 5;

/** A size that was not measured in so many batches goes with the others. */
const STALE_BATCHES = 256;

/** The last measurements of something by the batch size at which they were taken, as medians. */
export class RecentBySize {
  readonly #sizes: readonly number[];
  readonly #recent: readonly Recent[];
  readonly #all = new Recent(WINDOW);
  /** The count of all measurements at each size's last one. */
  readonly #last: number[];
  #count = 0;

  /** @param sizes at least one, ascending; a measurement counts for the nearest */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    this.#recent = sizes.map(() => new Recent(WINDOW));
    this.#last = sizes.map(() => 0);
  }

  add(places: number, value: number): void {
    const nearest = this.#nearest(places);
    this.#recent[nearest]?.add(value);
    this.#all.add(value);
    this.#last[nearest] = ++this.#count;
  }

  /** Of whatever size; undefined before there are enough. */
  get median(): number | undefined {
    return this.#all.count >= ENOUGH ? this.#all.median : undefined;
  }

  /** Of each size; undefined where it was not measured enough or not lately. */
  get medians(): (number | undefined)[] {
    return this.#recent.map((recent, i) => {
      const known = recent.count >= ENOUGH && this.#count - (this.#last[i] ?? 0) < STALE_BATCHES;
      return known ? recent.median : undefined;
    });
  }

  #nearest(places: number): number {
    let nearest = 0;
    for (const [i, size] of this.#sizes.entries()) {
      if (distance(size, places) < distance(this.#sizes[nearest] ?? 1, places)) nearest = i;
    }
    return nearest;
  }
}

function distance(size: number, places: number): number {
  return Math.abs(Math.log(size / places));
}
