import type { DeriveAnswer, DeriveTask, GraphSource, ProfileTask } from "../../worker/protocol.ts";
import { type CostBounds, CostModel } from "./cost-model.ts";
import type { LaneOnDevice } from "./lane.ts";
import { profiledSizes } from "./step-profile.ts";
import type { LaneProfile } from "./team-profile.ts";

/** Where networks are derived and measured before they serve. */
export interface Bench {
  /** @throws ServerError "capability-missing" where there is no such graph; else as `profile` */
  derive(task: DeriveTask): Promise<DeriveAnswer>;
  /** @throws ServerError where the network does not run */
  profile(task: ProfileTask): Promise<LaneProfile>;
}

/**
 * Runs a graph and measures its step times.
 *
 * @param batchSizes the only sizes that the device runs, ascending; none: any
 * @throws ServerError where it does not run
 */
export async function measureLane(
  source: GraphSource,
  bench: Bench,
  bounds: CostBounds,
  batchSizes: readonly number[] = [],
): Promise<LaneOnDevice> {
  const padded = batchSizes.length > 0;
  const sizes = padded ? sizesUpTo(bounds.maxPlaces, batchSizes) : profiledSizes(bounds.maxPlaces);
  const {
    stepMs,
    placesPerRun,
    placeBytes = 0,
    team,
  } = await bench.profile({
    kind: "profile",
    source,
    batchSizes: sizes,
    enoughMs: bounds.maxStepMs,
  });
  const cost = new CostModel({ batchSizes: sizes.slice(0, stepMs.length), stepMs, padded }, bounds);
  const found = {
    ...(placesPerRun === undefined ? {} : { placesPerRun }),
    ...(team === undefined ? {} : { team }),
  };
  return { source: { ...source, ...found }, cost, placeBytes };
}

/** The sizes that batches of so many places at most are filled up to. */
export function sizesUpTo(maxPlaces: number, batchSizes: readonly number[]): readonly number[] {
  const last = batchSizes.findIndex((size) => size >= maxPlaces);
  return last < 0 ? batchSizes : batchSizes.slice(0, last + 1);
}
