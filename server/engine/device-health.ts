/** Failures in a row that make a device suspect. */
const MAX_FAILURES = 5;
/** The pause before the first probe of a device that is out, and the longest, in ms: each is twice the one before. */
const FIRST_PROBE_MS = 1000;
const LONGEST_PROBE_MS = 30_000;

export type DeviceState = "working" | "suspect" | "out";

/**
 * Whether a device works, from what became of its tasks. Failures in a row, with no success between, may be a broken
 * device or rows that break any worker: so they only make it suspect, and a probe, an evaluation that has worked
 * before, decides. Pure.
 */
export class DeviceHealth {
  #state: DeviceState = "working";
  #failures = 0;
  #probeMs: number = FIRST_PROBE_MS;

  get state(): DeviceState {
    return this.#state;
  }

  /** A batch or a probe came back. */
  succeeded(): void {
    this.#state = "working";
    this.#failures = 0;
    this.#probeMs = FIRST_PROBE_MS;
  }

  /** A batch failed or took its worker with it. @returns whether a probe is to decide now */
  failed(): boolean {
    this.#failures++;
    if (this.#state !== "working" || this.#failures < MAX_FAILURES) return false;
    this.#state = "suspect";
    return true;
  }

  /** It has failed its probes. @returns the pause before it is asked again, in ms */
  takenOut(): number {
    this.#state = "out";
    return this.#probeMs;
  }

  /** It was asked, and is out still. @returns the pause before it is asked again, in ms */
  probeFailed(): number {
    this.#probeMs = Math.min(2 * this.#probeMs, LONGEST_PROBE_MS);
    return this.#probeMs;
  }
}
