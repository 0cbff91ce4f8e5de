import type { Row } from "./table-samplers-report.ts";
import {
  DIMENSIONS,
  type Dimension,
  PROCESS_NAMES,
  type ProcessName,
} from "./table-samplers-truth.ts";

/** Significant digits of a figure. */
const DIGITS = 3;

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Loose and tight tolerance of the adaptive solver. */
const LOOSE = ["1e-1", "1e-2", "1e-3"];
const TIGHT = "1e-5";

/**
 * What the paper and its successors found, as figures on exact scores.
 *
 * A ratio is of energy distances, the sampler that is expected to lose over the one that is expected to win: over 1
 * where the finding comes out.
 */
export function findings(
  rows: readonly Row[],
  floors: readonly Row[],
): Readonly<Record<string, unknown>> {
  const find = (dims: Dimension, process: ProcessName, sampler: string, setting: string): Row => {
    const row = rows.find(
      (r) =>
        r.dims === dims &&
        r.process === process &&
        r.sampler === sampler &&
        r.setting === setting,
    );
    if (row === undefined) throw new Error(`no ${sampler} at ${setting}`);
    return row;
  };

  const corrected = DIMENSIONS.flatMap((dims) =>
    ["reverse-diffusion", "ancestral", "probability-flow"].flatMap((predictor) =>
      ["50", "200", "1000"].map((evaluations) => {
        const alone = find(dims, "ve", predictor, evaluations).distance;
        const both = find(dims, "ve", `${predictor} + langevin`, evaluations).distance;
        return { dims, predictor, evaluations: Number(evaluations), ratio: round(alone / both) };
      }),
    ),
  );
  const each = DIMENSIONS.flatMap((dims) =>
    PROCESS_NAMES.map((process) => ({ dims, process }) as const),
  );
  const loose = each.flatMap(({ dims, process }) =>
    LOOSE.map((tolerance) => {
      const own = find(dims, process, "rk45", tolerance);
      const tight = find(dims, process, "rk45", TIGHT);
      return {
        dims,
        process,
        tolerance: Number(tolerance),
        evaluations: round(own.evaluations),
        ofTight: round(own.evaluations / tight.evaluations),
        of1000: round(own.evaluations / 1000),
        distance: round(own.distance),
        tightDistance: round(tight.distance),
      };
    }),
  );
  const fast = each.map(({ dims, process }) => {
    const slow = find(dims, process, "euler-maruyama", "200").distance;
    const solver = find(dims, process, "dpm-solver++2m", "20").distance;
    return { dims, process, ratio: round(slow / solver) };
  });
  return {
    veCorrectorGain: corrected,
    odeLooseTolerance: loose,
    dpmSolver20OverEulerMaruyama200: fast,
    exactAgainstExact: floors.map(({ dims, process, distance, error }) => ({
      dims,
      process,
      distance: round(distance),
      error: round(error),
    })),
  };
}
