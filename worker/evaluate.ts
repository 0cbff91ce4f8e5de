import type { InferenceSession, Tensor } from "onnxruntime-node";
import { labelsOf, type Pictures, picturesOf, type Scalars, timesOf } from "./batch-tensors.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { placesPerRunOf } from "./evaluation-memory.ts";
import { paddedPlaces, portionsOf, viewsOf } from "./portions.ts";
import type { GraphSource } from "./protocol.ts";
import { batchSizesOf, releaseSession, sessionOf } from "./sessions.ts";

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
  /** Places behind those that were asked for, evaluated for the provider's sake. */
  readonly padding: number;
  run(): Promise<void>;
}

type Batch = Omit<Evaluator, "run" | "padding"> & {
  /** The session's key. */
  readonly session: string;
  /** What goes in and what comes out as pictures. */
  readonly pictures: { readonly into: readonly Pictures[]; readonly out: readonly Pictures[] };
  /** One a run of the session, of some places each. */
  readonly runs: readonly {
    readonly feeds: InferenceSession.FeedsType;
    readonly fetches: Record<string, Tensor>;
  }[];
};

/** Batches of one graph come in few sizes; more than these are not worth their memory. One that is larger is made anew each time. */
const batches = new BoundedCache<Batch>({ entries: 128, bytes: 256 * 1024 * 1024 });

/**
 * Prepares one evaluation of a graph at `places` places, and at those behind them that the provider's batch sizes ask
 * for: what these hold does not matter. No run takes more memory than one may. Batches of one thread share their tensors, so one must have ended before the next
 * is prepared.
 *
 * @param wantedPerRun places of one run of the session, at most; default: all
 * @throws TooLargeError where one place is too many; what onnxruntime throws
 */
export async function evaluator(
  source: GraphSource,
  places: number,
  wantedPerRun?: number,
): Promise<Evaluator> {
  const perRun = await placesPerRunOf(source, wantedPerRun);
  const session = await sessionOf(source);
  const padded = paddedPlaces(places, perRun, batchSizesOf());
  const batch = batchOf(source, padded, perRun);
  return {
    ...batch,
    padding: padded - places,
    run: async () => {
      for (const pictures of batch.pictures.into) pictures.pack();
      for (const { feeds, fetches } of batch.runs) await session.run(feeds, fetches);
      for (const pictures of batch.pictures.out) pictures.unpack();
    },
  };
}

/** Frees what is held for graphs that are evaluated no more: sessions and tensors. */
export async function release(keys: readonly string[]): Promise<void> {
  batches.drop(({ session }) => keys.includes(session));
  for (const key of keys) await releaseSession(key);
}

function batchOf(source: GraphSource, places: number, perRun: number | undefined): Batch {
  // Two versions of a model may evaluate one file by different inputs and outputs.
  const key = `${JSON.stringify(source)}/${places}/${perRun}`;
  const known = batches.get(key);
  if (known !== undefined) return known;
  const made = tensorsOf(source, places, perRun);
  const { into, out } = made.pictures;
  const bytes = [...into, ...out].reduce((sum, pictures) => sum + pictures.bytes, 0);
  batches.set(key, made, bytes);
  return made;
}

function tensorsOf(source: GraphSource, places: number, perRun: number | undefined): Batch {
  const { inputName, timeName, outputName, channels, outputChannels, classInput } = source;
  const { inputType = "float32", outputType = "float32" } = source;
  const into = (): Pictures => picturesOf(inputType, places, channels, source);
  const x = into();
  const times = timesOf(source.timeType, places);
  const output = picturesOf(outputType, places, outputChannels, source);
  const pictures = { into: [x], out: [output] };
  const feeds: Record<string, Tensor> = { [inputName]: x.tensor, [timeName]: times.tensor };
  const fetches: Record<string, Tensor> = { [outputName]: output.tensor };
  let batch: Omit<Batch, "runs"> = {
    session: source.key,
    pictures,
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
    const [v, jv] = [into(), picturesOf(outputType, places, outputChannels, source)];
    pictures.into.push(v);
    pictures.out.push(jv);
    feeds[source.tangent.inputName] = v.tensor;
    fetches[source.tangent.outputName] = jv.tensor;
    batch = { ...batch, tangent: { input: v.values, output: jv.values } };
  }
  if (source.classifier !== undefined) {
    const names = source.classifier;
    const ofClassifier = (): Pictures => picturesOf("float32", places, channels, source);
    const [noised, gradient] = [ofClassifier(), ofClassifier()];
    pictures.into.push(noised);
    pictures.out.push(gradient);
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
