import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { writeModel } from "../../onnx/model-file.ts";
import { tensor } from "../../onnx/tensor.ts";
import type { GaussianMixture } from "../../sde/gaussian-mixture.ts";
import { addColumn, addSubvpMarginal, addVeMarginal, addVpMarginal } from "./marginal-graph.ts";
import { POSITIVE, SHAPE, SYMMETRIC } from "./mixture.ts";
import { addMixtureScore, type MarginalValues } from "./score-graph.ts";

const SIGMAS = { sigmaMin: 0.01, sigmaMax: 50 } as const;
const BETAS = { betaMin: 0.1, betaMax: 20 } as const;

/** A model to generate: its graph and the parts of its manifest that follow from the choice of conventions. */
export interface OracleModel {
  readonly name: string;
  readonly description: string;
  readonly mixture: GaussianMixture;
  readonly dataRange: readonly [number, number];
  readonly forwardProcess: Readonly<Record<string, string | number>>;
  readonly time: { readonly name: string; readonly kind: string };
  readonly output: { readonly name: string; readonly kind: string };
  readonly sampler: Readonly<Record<string, string | number>>;
  /** The fewest steps of it that the ladder serves. */
  readonly leastSteps: number;
  /** Adds the output from x and the time input; see `graphBytes`. */
  readonly addOutput: (graph: GraphBuilder, x: string, time: string) => void;
}

/** What docs/samplers.md measured to be as good as exact samples, from fewer steps than each model's own sampler. */
export const FAST_RUNGS: readonly Readonly<Record<string, string | number>>[] = [
  { method: "fast", solver: "dpm-solver++2m-sde", steps: 50, leastSteps: 20 },
  { method: "fast", solver: "dpm-solver++2m", steps: 20, leastSteps: 10 },
];

/** One model a forward process, each with the conventions that networks of its kind really have. */
export const ORACLE_MODELS: readonly OracleModel[] = [
  {
    name: "gaussian-mixture-ve",
    description: "Exact score of a Gaussian mixture under the VE process: the score from sigma.",
    mixture: POSITIVE,
    dataRange: [0, 1],
    forwardProcess: { kind: "ve", ...SIGMAS },
    time: { name: "sigma", kind: "sigma" },
    output: { name: "score", kind: "score" },
    sampler: {
      method: "predictor-corrector",
      predictor: "reverse-diffusion",
      corrector: "langevin",
      steps: 1000,
      correctorSteps: 1,
      signalToNoise: 0.16,
    },
    leastSteps: 25,
    addOutput(graph, x, time) {
      const marginal = addVeMarginal(graph, addColumn(graph, time));
      addMixtureScore(graph, POSITIVE, x, marginal, "score");
    },
  },
  {
    name: "gaussian-mixture-vp",
    description: "Exact score of a Gaussian mixture under the VP process: the noise from 999 t.",
    mixture: SYMMETRIC,
    dataRange: [-1, 1],
    forwardProcess: { kind: "vp", ...BETAS },
    time: { name: "label", kind: "t-times-999" },
    output: { name: "noise", kind: "noise" },
    sampler: { method: "predictor-corrector", predictor: "euler-maruyama", steps: 1000 },
    leastSteps: 50,
    addOutput(graph, x, time) {
      const scale = graph.initializer("labels_per_time", tensor("float32", [], [999]));
      const t = graph.node("Div", [addColumn(graph, time), scale], {}, { name: "t" });
      const marginal = addVpMarginal(graph, BETAS, t);
      addNoise(graph, addMixtureScore(graph, SYMMETRIC, x, marginal, "score"), marginal);
    },
  },
  {
    name: "gaussian-mixture-subvp",
    description: "Exact score of a Gaussian mixture under the sub-VP process: the score from t.",
    mixture: SYMMETRIC,
    dataRange: [-1, 1],
    forwardProcess: { kind: "subvp", ...BETAS },
    time: { name: "t", kind: "t" },
    output: { name: "score", kind: "score" },
    sampler: { method: "predictor-corrector", predictor: "euler-maruyama", steps: 1000 },
    leastSteps: 50,
    addOutput(graph, x, time) {
      const marginal = addSubvpMarginal(graph, BETAS, addColumn(graph, time));
      addMixtureScore(graph, SYMMETRIC, x, marginal, "score");
    },
  },
];

/** noise = -std score, the std as [batch, 1, 1, 1] beside a score of rank 4. */
function addNoise(graph: GraphBuilder, score: string, { variance }: MarginalValues): void {
  const shape = graph.initializer("picture_column_shape", tensor("int64", [4], [-1, 1, 1, 1]));
  const std = graph.node("Sqrt", [graph.node("Reshape", [variance, shape])], {}, { name: "std" });
  graph.node("Neg", [graph.node("Mul", [std, score])], {}, { name: "noise" });
}

/** The bytes of a model's ONNX file, opset 17: inputs x [batch, C, H, W] and time [batch], float32; any batch. */
export function graphBytes(model: OracleModel): Uint8Array {
  const pictures = ["batch", SHAPE.channels, SHAPE.height, SHAPE.width] as const;
  const graph = new GraphBuilder(model.name);
  const x = graph.input("x", "float32", pictures);
  const time = graph.input(model.time.name, "float32", ["batch"]);
  model.addOutput(graph, x, time);
  graph.output(model.output.name, "float32", pictures);
  return writeModel(graph.build({ opset: 17, docString: model.description }));
}
