import type { DeriveAnswer, DeriveTask, GraphName, GraphSource } from "../../worker/protocol.ts";
import { asServerError } from "../errors.ts";
import type { Model } from "./model.ts";
import { graphOf } from "./model.ts";

/** Names of a derived graph's values, as onnx/ gives them. */
const LABEL = "label";
const CLASSIFIER_PREFIX = "classifier_";

/** Derives a graph, or takes it from the cache. @throws ServerError where there is no such graph */
export type Derive = (task: DeriveTask) => Promise<DeriveAnswer>;

/**
 * The model with every graph that can be derived from its files: `jvp`, for likelihoods, and `guided` where it has a
 * classifier. One that can't be derived leaves the reason in `missingGraphs`; the model still serves all else.
 *
 * @param cache the folder that keeps derived graphs
 */
export async function withDerivedGraphs(
  model: Model,
  derive: Derive,
  cache: string,
): Promise<Model> {
  const graphs = new Map(model.graphs);
  const missingGraphs = new Map<GraphName, string>();
  for (const [graph, task, source] of plans(model, cache)) {
    try {
      const { key, path } = await derive(task);
      graphs.set(graph, { ...source, key, path });
    } catch (error) {
      missingGraphs.set(graph, asServerError(error).message);
    }
  }
  return { ...model, graphs, missingGraphs };
}

/** A derived graph: how it is made, and its source but for the file. */
type Plan = readonly [graph: GraphName, task: DeriveTask, source: GraphSource];

function plans(model: Model, cache: string): readonly Plan[] {
  const own = graphOf(model, "score");
  const { shape } = model;
  const score = { path: own.path, input: own.inputName, output: own.outputName };
  const tangent = {
    inputName: `${own.inputName}_tangent`,
    outputName: `${own.outputName}_tangent`,
  };
  const jvp: Plan = [
    "jvp",
    { kind: "derive", cache, shape, derivation: { graph: "jvp", score } },
    { ...own, tangent },
  ];
  const entry = model.manifest.classifier;
  if (entry === undefined || model.classifier === undefined) return [jvp];
  const { input, time, output } = entry;
  const { path, timeType } = model.classifier;
  const classifier = { path, input: input.name, output: output.name, kind: output.kind };
  const inputName = `${CLASSIFIER_PREFIX}${input.name}`;
  const guided: Plan = [
    "guided",
    { kind: "derive", cache, shape, derivation: { graph: "guided", score, classifier } },
    {
      ...own,
      classifier: {
        inputName,
        timeName: `${CLASSIFIER_PREFIX}${time.name}`,
        timeType,
        labelName: LABEL,
        gradientName: `${inputName}_gradient`,
      },
    },
  ];
  return [jvp, guided];
}
