import type { GraphName, GraphSource } from "../../worker/protocol.ts";
import type { Model } from "../models/repository.ts";
import type { AdaptiveEvaluations } from "./adaptive-evaluations.ts";
import type { CostModel } from "./cost-model.ts";
import type { StepCost } from "./forming-batch.ts";
import type { Row } from "./row.ts";
import type { EngineWorkers } from "./workers.ts";

/** A graph of a model: rows that evaluate it share batches, whatever their task. */
export interface Lane {
  readonly graph: GraphName;
  /** The devices that run it, in the order in which they are given rows. */
  readonly devices: ReadonlyMap<EngineWorkers, LaneOnDevice>;
  /** What predictions count in: turns on all of its devices together. */
  readonly cost: { readonly turns: StepCost };
  /** What its adaptive rows have taken. */
  readonly adaptive: AdaptiveEvaluations;
}

/** How a device runs a lane, and what that takes there. */
export interface LaneOnDevice {
  readonly source: GraphSource;
  readonly cost: CostModel;
  /** What one place of a run takes at once beside weights, by the graph; 0 where that is not known. */
  readonly placeBytes: number;
}

/** A lane's name: two versions of one model have lanes of their own. */
export function laneOf(model: Model, graph: GraphName): string {
  return `${model.name}@${model.id}/${graph}`;
}

/** The lane of a row's next step. */
export function laneOfRow(row: Row): string {
  return laneOf(row.job.spec.model, row.graph);
}
