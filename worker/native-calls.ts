import { InferenceSession } from "onnxruntime-node";
import { ENDING, INSIDE } from "./protocol.ts";

/**
 * A thread that is ended inside ONNX Runtime's addon takes the process with it: the addon throws where nothing can catch it.
 * So whoever ends a thread asks it to, and stops it only where it is outside of the addon; inside, it ends itself as it comes
 * out, before it touches anything else. Each side writes its own word before it reads the other's, so one of them sees.
 */
let state: Int32Array | undefined;

/** Where it is told that this thread is to end; of a process there is nothing to tell. */
export function followEnd(words: SharedArrayBuffer): void {
  state = new Int32Array(words);
}

/** Calls the addon. Does not return where this thread was told to end meanwhile. */
async function inside<T>(call: () => Promise<T>): Promise<T> {
  if (state === undefined) return await call();
  Atomics.add(state, INSIDE, 1);
  endWhereTold(state);
  try {
    return await call();
  } finally {
    Atomics.sub(state, INSIDE, 1);
    endWhereTold(state);
  }
}

function endWhereTold(words: Int32Array): void {
  // In a thread, this ends the thread.
  if (Atomics.load(words, ENDING) !== 0) process.exit(0);
}

/** A session whose loading and runs leave the thread time to end. @throws what onnxruntime throws */
export async function createSession(
  network: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const session = await inside(() =>
    typeof network === "string"
      ? InferenceSession.create(network, options)
      : InferenceSession.create(network, options),
  );
  const run = session.run.bind(session) as (...given: unknown[]) => ReturnType<typeof session.run>;
  session.run = (...given: unknown[]) => inside(() => run(...given));
  return session;
}
