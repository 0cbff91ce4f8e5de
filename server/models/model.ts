import { randomUUID } from "node:crypto";
import type { ForwardProcess } from "../../sde/processes/forward-process.ts";
import type { InputConventions, Parameterization } from "../../sde/processes/parameterization.ts";
import type { ClassInput, GraphName, GraphSource, TimeType } from "../../worker/protocol.ts";
import { isPictureType, isTimeType } from "./capability.ts";
import type { Manifest } from "./manifest.ts";
import type { ClassifierEntry, ScoreNetworkEntry } from "./manifest-network.ts";
import { forwardProcessOf } from "./processes.ts";

/** A model that this server can run. */
export interface Model {
  readonly name: string;
  /** Of this reading of its folder: another version of the model has another, and so has the same version read again. */
  readonly id: string;
  /** The sha256 of the manifest, which names every file's: it changes with anything that the model is made of. */
  readonly version: string;
  /** Name of its folder in the folder of models. */
  readonly folder: string;
  /** Of the score network's file. */
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly shape: { readonly channels: number; readonly height: number; readonly width: number };
  /** With the manifest's own eps where it states them. */
  readonly process: ForwardProcess;
  /** What the score network's inputs and output stand for. */
  readonly parameterization: Parameterization;
  /** Its classifier p(y | x_t), where it has one. */
  readonly classifier?: Classifier;
  /** The graphs that it can be evaluated by: its own, and those derived from it so far. */
  readonly graphs: ReadonlyMap<GraphName, GraphSource>;
  /** Why a derived graph is not among them, as a sentence. */
  readonly missingGraphs: ReadonlyMap<GraphName, string>;
}

/** A noise-conditional classifier: its file and what its inputs stand for. */
export interface Classifier {
  readonly path: string;
  readonly conventions: InputConventions;
  readonly timeType: TimeType;
}

/** Where a model was read from. */
export interface ModelOrigin {
  readonly folder: string;
  readonly version: string;
}

/** Paths of a model's ONNX files. */
export interface NetworkPaths {
  readonly score: string;
  readonly classifier?: string;
}

/**
 * The model of a manifest without findings, with no graph derived yet.
 *
 * @param intraOpThreads threads of one operator; 0: as many as there are cores
 * @returns undefined where the manifest asks for a capability that this version does not have
 */
export function modelOf(
  manifest: Manifest,
  origin: ModelOrigin,
  paths: NetworkPaths,
  intraOpThreads: number,
): Model | undefined {
  const { name, shape, score } = manifest;
  const process = forwardProcessOf(manifest);
  const timeType = score.time.type;
  const [inputType, outputType] = [score.input.type, score.output.type];
  if (process === undefined || !isTimeType(timeType)) return undefined;
  if (!isPictureType(inputType) || !isPictureType(outputType)) return undefined;
  const classInput = classInputOf(manifest);
  const classifier = classifierOf(manifest, paths);
  const source: GraphSource = {
    // Weights outside the file are part of what runs.
    key: [score, ...score.externalData].map(({ sha256 }) => sha256).join("+"),
    path: paths.score,
    inputName: score.input.name,
    inputType,
    timeName: score.time.name,
    timeType,
    outputName: score.output.name,
    outputType,
    ...(classInput === undefined ? {} : { classInput }),
    outputChannels: score.output.channels ?? shape.channels,
    ...shape,
    intraOpThreads,
    ...(score.externalData.length === 0 ? {} : { externalWeights: true }),
  };
  return {
    name,
    id: randomUUID(),
    ...origin,
    sha256: score.sha256,
    manifest,
    shape,
    process,
    parameterization: { output: score.output.kind, ...conventionsOf(manifest, score) },
    ...(classifier === undefined ? {} : { classifier }),
    graphs: new Map([["score", source]]),
    missingGraphs: new Map(),
  };
}

/** A graph of a model. @throws RangeError where it has none of the name */
export function graphOf({ name, graphs }: Model, graph: GraphName): GraphSource {
  const source = graphs.get(graph);
  if (source === undefined) throw new RangeError(`model ${name} has no graph ${graph}`);
  return source;
}

function classInputOf({ score, classes }: Manifest): ClassInput | undefined {
  if (score.class === undefined) return undefined;
  const { name, encoding, type } = score.class;
  return { name, encoding, type, classes: classes.length };
}

function classifierOf(manifest: Manifest, paths: NetworkPaths): Classifier | undefined {
  const { classifier: entry } = manifest;
  if (entry === undefined || paths.classifier === undefined) return undefined;
  const timeType = entry.time.type;
  if (!isTimeType(timeType)) return undefined;
  return { path: paths.classifier, conventions: conventionsOf(manifest, entry), timeType };
}

function conventionsOf(
  { levels }: Manifest,
  { input, time, sigmaData }: ScoreNetworkEntry | ClassifierEntry,
): InputConventions {
  return {
    timeInput: time.kind,
    inputScaling: input.scaling,
    ...(sigmaData === undefined ? {} : { sigmaData }),
    ...(levels === undefined ? {} : { levels }),
    integerTime: time.type === "int64",
  };
}
