import { setTimeout } from "node:timers/promises";

/** Resolves when all have ended, however they did, or after so long. Never rejects. */
export async function settled(running: readonly unknown[], ms: number): Promise<void> {
  const all = new AbortController();
  const late = setTimeout(ms, undefined, { signal: all.signal }).catch(() => {});
  await Promise.race([Promise.allSettled(running), late]);
  all.abort();
}
