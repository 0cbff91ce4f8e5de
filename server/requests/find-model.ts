import type { GraphName } from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import type { Model, Repository } from "../models/repository.ts";

/** The model of a name, or the server's own for none. @throws ServerError "model-not-found" */
export function findModel(name: string, repository: Repository): Model {
  const model = repository.models.get(name === "" ? repository.defaultModel : name);
  if (model === undefined) {
    const known = [...repository.models.keys()].map((one) => `"${one}"`).join(", ");
    const message = `model: seen ${JSON.stringify(name.slice(0, 80))}, expected one of ${known || "none: no model is served"}`;
    throw new ServerError("model-not-found", message);
  }
  return model;
}

/** @throws ServerError "capability-missing" where the model has no such graph, with the reason and the models that do */
export function needGraph(
  field: string,
  model: Model,
  graph: GraphName,
  repository: Repository,
): void {
  if (model.graphs.has(graph)) return;
  const able = [...repository.models.values()]
    .filter(({ graphs }) => graphs.has(graph))
    .map(({ name }) => `"${name}"`);
  const reason = model.missingGraphs.get(graph) ?? "it has no classifier and no class input";
  const others = able.length === 0 ? "no model here can" : `these can: ${able.join(", ")}`;
  const message = `${field}: model "${model.name}" can't do this: ${reason}; ${others}`;
  throw new ServerError("capability-missing", message);
}
