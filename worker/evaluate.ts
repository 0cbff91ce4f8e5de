import { type InferenceSession, Tensor } from "onnxruntime-node";
import { portionsOf, viewsOf } from "./portions.ts";
import type { ClassInput, GraphSource, TimeType } from "./protocol.ts";
import { releaseSession, sessionOf } from "./sessions.ts";

/** One number or label a place of the batch. */
interface Scalars {
  readonly tensor: Tensor;
  set(place: number, value: number): void;
}

/** Pictures of a batch: float32[places, channels, height, width]. */
interface Pictures {
  readonly tensor: Tensor;
  readonly values: Float32Array;
}

/** The tensors of one graph at one batch size, reused from batch to batch: a batch to be filled and evaluated. */
export interface Evaluator {
  readonly x: Float32Array;
  readonly times: Scalars;
  readonly labels?: Scalars;
  /** Of a `jvp` graph: the direction, and J times it. */
  readonly tangent?: { readonly input: Float32Array; readonly output: Float32Array };
  /** Of a `guided` graph: the classifier's inputs, and its gradient in x. */
  readonly classifier?: {
    readonly x: Float32Array;
    readonly times: Scalars;
    readonly labels: Scalars;
    readonly gradient: Float32Array;
  };
  /** float32[places, outputChannels, height, width], as the last `run` left it. */
  readonly output: Float32Array;
  run(): Promise<void>;
}

type Batch = Omit<Evaluator, "run"> & {
  /** The session's key. */
  readonly session: string;
  /** One a run of the session, of some places each. */
  readonly runs: readonly {
    readonly feeds: InferenceSession.FeedsType;
    readonly fetches: Record<string, Tensor>;
  }[];
};

/** Batches of one graph come in few sizes; more than this many at once are not worth their memory. */
const MAX_BATCHES = 128;
const batches = new Map<string, Batch>();

/**
 * Prepares one evaluation of a graph at `places` places. Batches of one thread share their tensors, so one must have
 * ended before the next is prepared.
 *
 * @param perRun places of one run of the session, at most; default: all
 */
export async function evaluator(
  source: GraphSource,
  places: number,
  perRun?: number,
): Promise<Evaluator> {
  const session = await sessionOf(source);
  const batch = batchOf(source, places, perRun);
  return {
    ...batch,
    run: async () => {
      for (const { feeds, fetches } of batch.runs) await session.run(feeds, fetches);
    },
  };
}

/** Frees what is held for graphs that are evaluated no more: sessions and tensors. */
export async function release(keys: readonly string[]): Promise<void> {
  for (const [key, { session }] of batches) {
    if (keys.includes(session)) batches.delete(key);
  }
  for (const key of keys) await releaseSession(key);
}

function batchOf(source: GraphSource, places: number, perRun: number | undefined): Batch {
  // Two versions of a model may evaluate one file by different inputs and outputs.
  const key = `${JSON.stringify(source)}/${places}/${perRun}`;
  const known = batches.get(key);
  if (known !== undefined) return known;
  const made = tensorsOf(source, places, perRun);
  if (batches.size >= MAX_BATCHES) batches.clear();
  batches.set(key, made);
  return made;
}

function tensorsOf(source: GraphSource, places: number, perRun: number | undefined): Batch {
  const { inputName, timeName, outputName, channels, outputChannels, classInput } = source;
  const pictures = (of: number): Pictures => {
    const values = new Float32Array(places * of * source.height * source.width);
    return {
      values,
      tensor: new Tensor("float32", values, [places, of, source.height, source.width]),
    };
  };
  const x = pictures(channels);
  const times = timesOf(source.timeType, places);
  const output = pictures(outputChannels);
  const feeds: Record<string, Tensor> = { [inputName]: x.tensor, [timeName]: times.tensor };
  const fetches: Record<string, Tensor> = { [outputName]: output.tensor };
  let batch: Omit<Batch, "runs"> = {
    session: source.key,
    x: x.values,
    times,
    output: output.values,
  };
  if (classInput !== undefined) {
    const labels = labelsOf(classInput, places);
    feeds[classInput.name] = labels.tensor;
    batch = { ...batch, labels };
  }
  if (source.tangent !== undefined) {
    const [v, jv] = [pictures(channels), pictures(outputChannels)];
    feeds[source.tangent.inputName] = v.tensor;
    fetches[source.tangent.outputName] = jv.tensor;
    batch = { ...batch, tangent: { input: v.values, output: jv.values } };
  }
  if (source.classifier !== undefined) {
    const names = source.classifier;
    const [noised, gradient] = [pictures(channels), pictures(channels)];
    const [noiseLevels, labels] = [timesOf(names.timeType, places), timesOf("int64", places)];
    feeds[names.inputName] = noised.tensor;
    feeds[names.timeName] = noiseLevels.tensor;
    feeds[names.labelName] = labels.tensor;
    fetches[names.gradientName] = gradient.tensor;
    const classifier = {
      x: noised.values,
      times: noiseLevels,
      labels,
      gradient: gradient.values,
    };
    batch = { ...batch, classifier };
  }
  const runs = portionsOf(places, perRun).map((portion) => ({
    feeds: viewsOf(feeds, portion),
    fetches: viewsOf(fetches, portion),
  }));
  return { ...batch, runs };
}

/** [places], each number rounded where the type is an integer. */
function timesOf(type: TimeType, places: number): Scalars {
  if (type === "float32") {
    const values = new Float32Array(places);
    return {
      tensor: new Tensor("float32", values, [places]),
      set: (place, value) => {
        values[place] = value;
      },
    };
  }
  const values = new BigInt64Array(places);
  return {
    tensor: new Tensor("int64", values, [places]),
    set: (place, value) => {
      values[place] = BigInt(Math.round(value));
    },
  };
}

/** [places], or [places, classes] where one-hot; then a label that is no class is all zeros. */
function labelsOf({ encoding, type, classes }: ClassInput, places: number): Scalars {
  if (encoding === "index") return timesOf(type, places);
  const values =
    type === "float32" ? new Float32Array(places * classes) : new BigInt64Array(places * classes);
  const dims = [places, classes];
  const [zero, one] = type === "float32" ? [0, 1] : [0n, 1n];
  return {
    tensor:
      values instanceof Float32Array
        ? new Tensor("float32", values, dims)
        : new Tensor("int64", values, dims),
    set: (place, label) => {
      for (let k = 0; k < classes; k++) values[place * classes + k] = k === label ? one! : zero!;
    },
  };
}
