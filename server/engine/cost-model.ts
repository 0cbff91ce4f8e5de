import type { StepCost } from "./forming-batch.ts";
import { nondecreasing } from "./nondecreasing.ts";
import { RecentBySize } from "./recent-by-size.ts";
import { batchLimit, expectedStepMs, type StepProfile } from "./step-profile.ts";

/** The limit is looked at again after so many measured steps. */
const REVIEW_STEPS = 64;

/** The limit grows only where the larger batch would take less than this share of the bound. */
const GROW_BELOW = 0.8;

/** Times below this are none, in ms: a clock's resolution. */
const LEAST_MS = 1e-3;

export interface CostBounds {
  /** Places of a batch, at most. */
  readonly maxPlaces: number;
  /** Time of a step, at most, in ms. */
  readonly maxStepMs: number;
}

/**
 * What a batch of one lane takes on one device against its places.
 *
 * In the worker: the profile that was taken when the lane was opened, times what steps have taken since over what the
 * profile says. The factor is a median of the last steps of about that size, or of all sizes where that one was not seen
 * lately: so up to half of the measurements may be disturbed. Corrected times are made to not fall with the places
 * (pool adjacent violators), then read as the profile is.
 *
 * And beside the worker (`turns`): what a turn has taken longer than its step, for the messages and the engine's own
 * work, as medians likewise; between sizes that were seen lately linear, beyond them as the next one. 0 until there are enough.
 *
 * Pure: no clock; `observe` costs O(sizes), `stepMs` likewise.
 */
export class CostModel implements StepCost {
  readonly #profile: StepProfile;
  readonly #bounds: CostBounds;
  readonly #ratios: RecentBySize;
  readonly #overheads: RecentBySize;
  #steps = 0;
  #current: StepProfile;
  #overhead: StepProfile = NO_OVERHEAD;
  #limit: number;
  /**
   * The same with the time of a whole turn, for which a batch keeps others from the device: predictions, deadlines and shares
   * of time count in it. The limit comes of the worker's time alone: the rest is no part of what `maxStepMs` bounds, and does
   * not shrink with the batch.
   */
  readonly turns: StepCost;

  /** @throws RangeError where the profile has no sizes */
  constructor(profile: StepProfile, bounds: CostBounds) {
    if (profile.stepMs.length === 0) throw new RangeError("the profile has no sizes");
    const stepMs = nondecreasing(profile.stepMs.map((ms) => Math.max(ms, LEAST_MS)));
    const batchSizes = profile.batchSizes.slice(0, stepMs.length);
    this.#profile = { batchSizes, stepMs, padded: profile.padded ?? false };
    this.#bounds = bounds;
    this.#ratios = new RecentBySize(this.#profile.batchSizes);
    this.#overheads = new RecentBySize(this.#profile.batchSizes);
    this.#current = this.#profile;
    this.#limit = Math.min(bounds.maxPlaces, batchLimit(profile, bounds.maxStepMs));
    const limit = (): number => this.#limit;
    this.turns = {
      get limit() {
        return limit();
      },
      stepMs: (places) => this.stepMs(places) + overheadMs(this.#overhead, places),
    };
  }

  /** Places of the largest batch that is worth it; see batchLimit. */
  get limit(): number {
    return this.#limit;
  }

  /** Predicted time of a step in its worker, in ms; does not fall with the places. */
  stepMs(places: number): number {
    return expectedStepMs(this.#current, places);
  }

  /**
   * A batch has been done; one whose step took no time, or no finite one, is left out.
   *
   * @param ms in its worker
   * @param turnMs how long it kept the worker from the next one; see BatchTurns
   * @returns whether the limit has changed
   */
  observe(places: number, ms: number, turnMs?: number): boolean {
    if (!(places >= 1 && ms > 0 && Number.isFinite(ms))) return false;
    this.#steps++;
    this.#ratios.add(places, Math.max(ms, LEAST_MS) / expectedStepMs(this.#profile, places));
    this.#correct();
    if (turnMs !== undefined && Number.isFinite(turnMs)) {
      this.#overheads.add(places, Math.max(0, turnMs - ms));
      this.#overhead = this.#measuredOverhead();
    }
    return this.#steps % REVIEW_STEPS === 0 && this.#review();
  }

  #correct(): void {
    const all = this.#ratios.median;
    if (all === undefined) return;
    const { medians } = this.#ratios;
    const corrected = this.#profile.stepMs.map((ms, i) => ms * (medians[i] ?? all));
    this.#current = { ...this.#profile, stepMs: nondecreasing(corrected) };
  }

  #measuredOverhead(): StepProfile {
    const batchSizes: number[] = [];
    const stepMs: number[] = [];
    for (const [i, median] of this.#overheads.medians.entries()) {
      if (median === undefined) continue;
      batchSizes.push(this.#profile.batchSizes[i] ?? 1);
      stepMs.push(median);
    }
    if (batchSizes.length > 0) return { batchSizes, stepMs: nondecreasing(stepMs) };
    const { median } = this.#overheads;
    return median === undefined ? NO_OVERHEAD : { batchSizes: [1], stepMs: [median] };
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
}

const NO_OVERHEAD: StepProfile = { batchSizes: [1], stepMs: [0] };

/** Linear between sizes, beyond the last one as there. */
function overheadMs(overhead: StepProfile, places: number): number {
  return expectedStepMs(overhead, Math.min(places, overhead.batchSizes.at(-1) ?? 1));
}
