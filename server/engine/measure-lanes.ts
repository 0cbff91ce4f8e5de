import type {
  DeriveAnswer,
  DeriveTask,
  ProfileAnswer,
  ProfileTask,
} from "../../worker/protocol.ts";
import type { Model } from "../models/repository.ts";
import { AdaptiveEvaluations } from "./adaptive-evaluations.ts";
import { type CostBounds, CostModel } from "./cost-model.ts";
import { type Lane, laneOf } from "./lane.ts";
import { profiledSizes } from "./step-profile.ts";

/** Where networks are derived and measured before they serve. */
export interface Bench {
  /** @throws ServerError "capability-missing" where there is no such graph; else as `profile` */
  derive(task: DeriveTask): Promise<DeriveAnswer>;
  /** @throws ServerError where the network does not run */
  profile(task: ProfileTask): Promise<ProfileAnswer>;
}

/** Runs every graph of a model and measures its step times. @throws ServerError where one does not run */
export async function measureLanes(
  model: Model,
  bench: Bench,
  bounds: CostBounds,
): Promise<(readonly [name: string, lane: Lane])[]> {
  const sizes = profiledSizes(bounds.maxPlaces);
  const lanes: (readonly [name: string, lane: Lane])[] = [];
  for (const [graph, source] of model.graphs) {
    const task = {
      kind: "profile",
      source,
      batchSizes: sizes,
      enoughMs: bounds.maxStepMs,
    } as const;
    const { stepMs, placesPerRun } = await bench.profile(task);
    const profile = { batchSizes: sizes.slice(0, stepMs.length), stepMs };
    const cost = new CostModel(profile, bounds);
    const measured = placesPerRun === undefined ? source : { ...source, placesPerRun };
    const adaptive = new AdaptiveEvaluations();
    lanes.push([laneOf(model, graph), { graph, source: measured, cost, adaptive }]);
  }
  return lanes;
}
