/** Measured times of one network evaluation against its batch size, in ms. Sizes ascend. */
export interface StepProfile {
  readonly batchSizes: readonly number[];
  readonly stepMs: readonly number[];
  /** Batches are filled up to the next size: those between take as long as that one. Default false. */
  readonly padded?: boolean;
}

/** Batch sizes worth measuring up to a limit: the powers of two below it, and the limit. */
export function profiledSizes(maxRows: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxRows; size *= 2) sizes.push(size);
  return [...sizes, maxRows];
}

/**
 * A batch size counts as too large where its rows/s fall under this share of the best. On a CPU all sizes are about as
 * fast, and what else the machine does while they are measured makes a factor of four: that must not decide.
 */
const THROUGHPUT_FLOOR = 1 / 8;

/**
 * The largest batch for a lane: the largest measured size whose step stays within `maxStepMs` and whose throughput is
 * not far below the best. Larger batches share more; smaller ones are answered sooner. 1 where even one row takes
 * longer.
 */
export function batchLimit({ batchSizes, stepMs }: StepProfile, maxStepMs: number): number {
  const measured = batchSizes.map((rows, i) => ({
    rows,
    ms: stepMs[i] ?? Number.POSITIVE_INFINITY,
  }));
  const allowed = measured.filter(({ ms }) => ms <= maxStepMs);
  const best = Math.max(...allowed.map(({ rows, ms }) => rows / ms));
  const good = allowed.filter(({ rows, ms }) => rows / ms >= THROUGHPUT_FLOOR * best);
  return good.at(-1)?.rows ?? 1;
}

/**
 * Expected time of one evaluation of `rows` rows, in ms: linear between measured sizes, unless batches are filled up, and
 * beyond the last.
 */
export function expectedStepMs({ batchSizes, stepMs, padded }: StepProfile, rows: number): number {
  let beforeRows = 0;
  let beforeMs = 0;
  for (const [i, size] of batchSizes.entries()) {
    const ms = stepMs[i] ?? 0;
    if (rows <= size) {
      return i === 0 || padded
        ? ms
        : beforeMs + ((rows - beforeRows) / (size - beforeRows)) * (ms - beforeMs);
    }
    beforeRows = size;
    beforeMs = ms;
  }
  return beforeRows === 0 ? 0 : (rows / beforeRows) * beforeMs;
}
