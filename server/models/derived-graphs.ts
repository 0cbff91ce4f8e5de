import type {
  Derivation,
  DeriveAnswer,
  DeriveTask,
  GraphName,
  GraphSource,
  NetworkFile,
} from "../../worker/protocol.ts";
import { asServerError } from "../errors.ts";
import type { Model } from "./model.ts";
import { graphOf } from "./model.ts";

/** Names of a derived graph's values, as onnx/ gives them. */
const LABEL = "label";
const CLASSIFIER_PREFIX = "classifier_";

/** Derives a graph, or takes it from the cache. @throws ServerError where there is no such graph */
export type Derive = (task: DeriveTask) => Promise<DeriveAnswer>;

/** Where and how graphs are derived. */
export interface DerivedGraphsOptions {
  /** The folder that keeps them. */
  readonly cache: string;
  /** Whether in the form that is fastest on a CPU, the score network too (docs/decisions/0028). */
  readonly rewrite: boolean;
  /** Told of each graph that can't be rewritten, and is as it was. */
  readonly onUnrewritten?: (graph: GraphName, reason: string) => void;
}

/**
 * The model with every graph that can be derived from its files: `jvp`, for likelihoods, and `guided` where it has a
 * classifier. One that can't be derived leaves the reason in `missingGraphs`; the model still serves all else.
 */
export async function withDerivedGraphs(
  model: Model,
  derive: Derive,
  { cache, rewrite, onUnrewritten }: DerivedGraphsOptions,
): Promise<Model> {
  const { shape } = model;
  const graphs = new Map(model.graphs);
  const missingGraphs = new Map<GraphName, string>();
  const forms = rewrite ? [true, false] : [false];
  if (rewrite) {
    const own = graphOf(model, "score");
    try {
      const derivation = { graph: "score", score: networkOf(own), rewrite } as const;
      const { key, path } = await derive({ kind: "derive", cache, shape, derivation });
      if (path !== own.path) graphs.set("score", { ...own, key, path });
    } catch (error) {
      onUnrewritten?.("score", asServerError(error).message);
    }
  }
  for (const [graph, derivation, source] of plans(model)) {
    for (const form of forms) {
      try {
        const asked = { ...derivation, rewrite: form };
        const { key, path } = await derive({ kind: "derive", cache, shape, derivation: asked });
        graphs.set(graph, { ...source, key, path });
        missingGraphs.delete(graph);
        break;
      } catch (error) {
        const reason = asServerError(error).message;
        missingGraphs.set(graph, reason);
        if (form) onUnrewritten?.(graph, reason);
      }
    }
  }
  return { ...model, graphs, missingGraphs };
}

/** A derived graph: how it is made, and its source but for the file. */
type Plan = readonly [
  graph: GraphName,
  derivation: Exclude<Derivation, { graph: "score" }>,
  source: GraphSource,
];

function networkOf({ path, inputName, outputName }: GraphSource): NetworkFile {
  return { path, input: inputName, output: outputName };
}

function plans(model: Model): readonly Plan[] {
  const own = graphOf(model, "score");
  const score = networkOf(own);
  const tangent = {
    inputName: `${own.inputName}_tangent`,
    outputName: `${own.outputName}_tangent`,
  };
  const jvp: Plan = ["jvp", { graph: "jvp", score }, { ...own, tangent }];
  const entry = model.manifest.classifier;
  if (entry === undefined || model.classifier === undefined) return [jvp];
  const { input, time, output } = entry;
  const { path, timeType } = model.classifier;
  const classifier = { path, input: input.name, output: output.name, kind: output.kind };
  const inputName = `${CLASSIFIER_PREFIX}${input.name}`;
  const guided: Plan = [
    "guided",
    { graph: "guided", score, classifier },
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
