import { InferenceSession } from "onnxruntime-node";
import type { GraphSource } from "./protocol.ts";

/** How every session runs. @param intraOpThreads threads of one operator; 0: as many as there are cores */
export function sessionOptions(intraOpThreads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  };
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
  const session = InferenceSession.create(source.path, sessionOptions(source.intraOpThreads));
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
