import type { StepCost } from "./forming-batch.ts";
import { Recent } from "./recent.ts";
import { batchLimit, expectedStepMs, type StepProfile } from "./step-profile.ts";

/** Measured steps of one batch size whose median counts; up to half of them may be anything. */
const WINDOW = 15;

/** Fewer measured steps of a size say nothing by themselves. */
const ENOUGH = 5;

/** A size that was not measured in so many steps of its lane goes with the others. */
const STALE_STEPS = 256;

/** The limit is looked at again after so many measured steps. */
const REVIEW_STEPS = 64;

/** The limit grows only where the larger batch would take less than this share of the bound. */
const GROW_BELOW = 0.8;

/** Times below this are none, in ms: a clock's resolution. */
const LEAST_MS = 1e-3;

/** The last few ratios of measured to profiled time. */
class Ratios {
  readonly recent = new Recent(WINDOW);
  /** The lane's count of steps at the last one. */
  lastStep = 0;

  add(ratio: number, step: number): void {
    this.recent.add(ratio);
    this.lastStep = step;
  }
}

export interface CostBounds {
  /** Places of a batch, at most. */
  readonly maxPlaces: number;
  /** Time of a step, at most, in ms. */
  readonly maxStepMs: number;
}

/**
 * Step time of one lane on one device against the places of its batch: the profile that was taken when the lane was
 * opened, times what steps have taken since over what the profile says. The factor is a median of the last steps of about
 * that size, or of all sizes where that one was not seen lately: so up to half of the measurements may be disturbed.
 * Corrected times are made to not fall with the places (pool adjacent violators), then read as the profile is.
 *
 * Pure: no clock; `observe` costs O(sizes), `stepMs` likewise.
 */
export class CostModel implements StepCost {
  readonly #profile: StepProfile;
  readonly #bounds: CostBounds;
  readonly #bySize: readonly Ratios[];
  readonly #all = new Ratios();
  #steps = 0;
  #current: StepProfile;
  #limit: number;

  /** @throws RangeError where the profile has no sizes */
  constructor(profile: StepProfile, bounds: CostBounds) {
    if (profile.stepMs.length === 0) throw new RangeError("the profile has no sizes");
    const stepMs = nondecreasing(profile.stepMs.map((ms) => Math.max(ms, LEAST_MS)));
    this.#profile = { batchSizes: profile.batchSizes.slice(0, stepMs.length), stepMs };
    this.#bounds = bounds;
    this.#bySize = stepMs.map(() => new Ratios());
    this.#current = this.#profile;
    this.#limit = Math.min(bounds.maxPlaces, batchLimit(profile, bounds.maxStepMs));
  }

  /** Places of the largest batch that is worth it; see batchLimit. */
  get limit(): number {
    return this.#limit;
  }

  /** Predicted time of a step, in ms; does not fall with the places. */
  stepMs(places: number): number {
    return expectedStepMs(this.#current, places);
  }

  /**
   * A step has been measured; one that took no time, or no finite one, is left out.
   *
   * @returns whether the limit has changed
   */
  observe(places: number, ms: number): boolean {
    if (!(places >= 1 && ms > 0 && Number.isFinite(ms))) return false;
    this.#steps++;
    const ratio = Math.max(ms, LEAST_MS) / expectedStepMs(this.#profile, places);
    this.#bySize[this.#nearest(places)]?.add(ratio, this.#steps);
    this.#all.add(ratio, this.#steps);
    if (this.#all.recent.count >= ENOUGH) this.#correct();
    return this.#steps % REVIEW_STEPS === 0 && this.#review();
  }

  #correct(): void {
    const { batchSizes, stepMs } = this.#profile;
    const all = this.#all.recent.median ?? 1;
    const corrected = stepMs.map((ms, i) => {
      const size = this.#bySize[i];
      const known =
        size !== undefined &&
        size.recent.count >= ENOUGH &&
        this.#steps - size.lastStep < STALE_STEPS;
      return ms * (known ? (size.recent.median ?? 1) : all);
    });
    this.#current = { batchSizes, stepMs: nondecreasing(corrected) };
  }

  /** Lowers the limit where a step takes too long now; raises it only where there is room to spare. */
  #review(): boolean {
    const { maxPlaces, maxStepMs } = this.#bounds;
    const held = Math.min(maxPlaces, batchLimit(this.#current, maxStepMs));
    const grown = Math.min(maxPlaces, batchLimit(this.#current, GROW_BELOW * maxStepMs));
    const limit = held < this.#limit ? held : Math.max(this.#limit, grown);
    if (limit === this.#limit) return false;
    this.#limit = limit;
    return true;
  }

  #nearest(places: number): number {
    const { batchSizes } = this.#profile;
    let nearest = 0;
    for (const [i, size] of batchSizes.entries()) {
      if (distance(size, places) < distance(batchSizes[nearest] ?? 1, places)) nearest = i;
    }
    return nearest;
  }
}

function distance(size: number, places: number): number {
  return Math.abs(Math.log(size / places));
}

/** The nearest numbers in the least-squares sense that do not fall: neighbours that do are replaced by their mean. */
function nondecreasing(values: readonly number[]): number[] {
  const blocks: { mean: number; count: number }[] = [];
  for (const value of values) {
    let block = { mean: value, count: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.mean > block.mean;
      last = blocks.at(-1)
    ) {
      const count = last.count + block.count;
      block = { mean: (last.mean * last.count + block.mean * block.count) / count, count };
      blocks.pop();
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ mean, count }) => Array.from({ length: count }, () => mean));
}
