import type { WorkersOptions } from "../engine/workers.ts";

/** How worker/dying.ts, whose types only worker/ may import, is told to fail. */
export type WorkerDeath =
  | "error"
  | "exit"
  | "uncaught"
  | "memory"
  | "wait"
  | "spin"
  | "abort"
  | "segv"
  | "kill";

interface Fault {
  readonly death: WorkerDeath;
  readonly stage: "prepared" | "evaluated" | "updated";
}

/** The batch of its own, counted from 1, in which a worker fails; 0: at any call. */
export type DyingLife = Fault & {
  readonly batch: number;
  /** Not then, but so many ms later, wherever it is by then. */
  readonly afterMs?: number;
};

export interface DyingOptions extends Partial<WorkersOptions> {
  /** What ends the first worker, the second and so on; those after the last live. */
  readonly lives?: readonly DyingLife[];
  /** Ends every worker that gets a row of one of these seeds. */
  readonly poison?: Fault & { readonly seeds: readonly bigint[] };
}

/** Options of workers that fail as told. */
export function dyingWorkers({
  lives = [],
  poison,
  ...options
}: DyingOptions): Partial<WorkersOptions> {
  const filename = new URL("../../worker/dying.js", import.meta.url).href;
  return { quiet: true, ...options, filename, testing: { lives, poison } };
}
