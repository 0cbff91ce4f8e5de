import type { InferenceSession } from "onnxruntime-node";
import { createSession } from "./native-calls.ts";
import type { Execution, GraphSource } from "./protocol.ts";

const ON_CPU: Execution = { provider: "cpu" };

/**
 * How a session runs. What a provider has no kernel for runs on those behind it: of TensorRT on CUDA, of all on the CPU.
 *
 * @param intraOpThreads threads of one operator on the CPU; 0: as many as there are cores
 */
export function sessionOptions(
  intraOpThreads: number,
  execution: Execution = ON_CPU,
): InferenceSession.SessionOptions {
  const { provider, session } = execution;
  return {
    executionProviders: providersOf(execution),
    intraOpNumThreads: execution.intraOpThreads ?? intraOpThreads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // What it warns of on a GPU is which operators it left to the CPU.
    ...(provider === "cpu" ? {} : { logSeverityLevel: 3 as const }),
    ...(session === undefined ? {} : { extra: session }),
  };
}

function providersOf({
  provider,
  deviceId,
  options,
}: Execution): InferenceSession.ExecutionProviderConfig[] {
  if (provider === "cpu") return ["cpu"];
  const device = deviceId === undefined ? {} : { deviceId };
  const behind = provider === "tensorrt" ? [{ name: "cuda", ...device }, "cpu"] : ["cpu"];
  return [{ name: provider, ...device, ...options }, ...behind];
}

/** How this worker's sessions run: decided once, before the first. */
let own: Execution = ON_CPU;

/** Sessions that are loaded from now on run so. */
export function runOn(execution: Execution): void {
  own = execution;
}

/** Places that a run is filled up to, ascending; none: any number is as good. */
export function batchSizesOf(): readonly number[] {
  return own.batchSizes ?? [];
}

/** What one run may take at once beside weights, in bytes. */
export function mostBytesOfRun(): number {
  return own.maxEvaluationBytes ?? Number.POSITIVE_INFINITY;
}

/** A session that runs as this worker's do, or otherwise as `execution` says. @throws what onnxruntime throws */
export function openSession(
  network: string | Uint8Array,
  intraOpThreads: number,
  execution: Execution = own,
): Promise<InferenceSession> {
  return createSession(network, sessionOptions(intraOpThreads, execution));
}

/** ORT sessions of this thread by their graph's key. They live until they are released, or as long as the thread. */
const sessions = new Map<string, Promise<InferenceSession>>();

/**
 * The session of a graph, loaded when it is first asked for: a thread that replaces a dead one needs no list of
 * models to load.
 *
 * @throws what onnxruntime throws where the file can't be loaded; the next call tries again
 */
export function sessionOf(source: GraphSource): Promise<InferenceSession> {
  const known = sessions.get(source.key);
  if (known !== undefined) return known;
  const execution = source.sharedBy === undefined ? own : { ...own, intraOpThreads: 1 };
  const session = openSession(source.path, source.intraOpThreads, execution);
  sessions.set(source.key, session);
  session.catch(() => sessions.delete(source.key));
  return session;
}

/** Frees the session of a key, where there is one. No evaluation of it may be under way. */
export async function releaseSession(key: string): Promise<void> {
  const session = sessions.get(key);
  sessions.delete(key);
  await (await session?.catch(() => undefined))?.release();
}
