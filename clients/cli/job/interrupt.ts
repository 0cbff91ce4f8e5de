import { constants } from "node:os";

/** A signal that repeats within this is the same one: npm and a terminal both pass Ctrl-C on. In ms. */
const REPEAT_MS = 1000;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The signals that end a command, while it has something to end. */
export interface Interrupt {
  /** Aborts with the first one; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** 128 and the signal's number; undefined: none came. */
  readonly exitCode: number | undefined;
}

export async function interruptible<T>(run: (interrupt: Interrupt) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const interrupt = { signal: abort.signal, exitCode: undefined as number | undefined };
  let first: number | undefined;
  const stop = (signal: (typeof SIGNALS)[number]): void => {
    const exitCode = 128 + constants.signals[signal];
    const now = performance.now();
    if (first !== undefined && now - first > REPEAT_MS) process.exit(exitCode);
    first ??= now;
    interrupt.exitCode ??= exitCode;
    abort.abort();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await run(interrupt);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
