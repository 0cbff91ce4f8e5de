import type { GraphName, GraphSource } from "../../worker/protocol.ts";
import type { Model } from "../models/repository.ts";
import type { AdaptiveEvaluations } from "./adaptive-evaluations.ts";
import type { CostModel } from "./cost-model.ts";
import type { Row } from "./row.ts";

/** A graph of a model: rows that evaluate it share batches, whatever their task. */
export interface Lane {
  readonly graph: GraphName;
  readonly source: GraphSource;
  readonly cost: CostModel;
  /** What its adaptive rows have taken. */
  readonly adaptive: AdaptiveEvaluations;
}

/** A lane's name: two versions of one model have lanes of their own. */
export function laneOf(model: Model, graph: GraphName): string {
  return `${model.name}@${model.id}/${graph}`;
}

/** The lane of a row's next step. */
export function laneOfRow(row: Row): string {
  return laneOf(row.job.spec.model, row.graph);
}
