import type { Quality, Row } from "./table-samplers-report.ts";
import {
  DIMENSIONS,
  type Dimension,
  PROCESS_NAMES,
  type ProcessName,
} from "./table-samplers-truth.ts";

/** Two samplers, measured with more samples than the table, so that smaller differences are seen. */
export interface Comparison {
  readonly dims: Dimension;
  readonly process: ProcessName;
  /** The one that is expected to lose, and its setting. */
  readonly loser: readonly [sampler: string, setting: string];
  readonly winner: readonly [sampler: string, setting: string];
}

function corrected(dims: Dimension, predictor: string, corrector: string): readonly Comparison[] {
  return ["50", "200"].map((evaluations) => ({
    dims,
    process: "ve",
    loser: [predictor, evaluations],
    winner: [`${predictor} + ${corrector}`, evaluations],
  }));
}

/** For VE, a predictor alone against the same with a corrector at equal evaluations. */
export const CORRECTOR_COMPARISONS: readonly Comparison[] = [
  ...corrected(2, "reverse-diffusion", "langevin"),
  ...["reverse-diffusion", "probability-flow"].flatMap((predictor) => [
    ...corrected(64, predictor, "langevin"),
    ...corrected(64, predictor, "langevin, r 0.25"),
  ]),
];

/** DPM-Solver++ at 20 evaluations against Euler-Maruyama at 200. */
export const FAST_COMPARISONS: readonly Comparison[] = DIMENSIONS.flatMap((dims) =>
  PROCESS_NAMES.map(
    (process): Comparison => ({
      dims,
      process,
      loser: ["euler-maruyama", "200"],
      winner: ["dpm-solver++2m", "20"],
    }),
  ),
);

export interface Compared extends Comparison {
  readonly lost: Quality;
  readonly won: Quality;
  /** Exact samples against exact samples. */
  readonly exact: Quality;
}

/** Three significant digits. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

/** A comparison in figures: its ratio is over 1 where the one that is expected to win does. */
export function ratioOf({ dims, process, loser, winner, lost, won, exact }: Compared): object {
  const figures = ({ distance, error }: Quality): readonly number[] => [
    round(distance),
    round(error),
  ];
  return {
    dims,
    process,
    ratio: round(lost.distance / won.distance),
    [loser.join(" at ")]: figures(lost),
    [winner.join(" at ")]: figures(won),
    exact: figures(exact),
  };
}

/** Loose tolerances of the adaptive solver, and the tight one that they are compared with. */
const LOOSE = ["1e-1", "1e-2", "1e-3"];
const TIGHT = "1e-5";

/** Evaluations of the adaptive solver at loose tolerances, as shares of the tight one's and of 1000. */
export function looseTolerances(rows: readonly Row[]): readonly object[] {
  const adaptive = rows.filter((row) => row.sampler === "rk45");
  return adaptive
    .filter((row) => LOOSE.includes(row.setting))
    .map(({ dims, process, setting, evaluations, distance }) => {
      const tight = adaptive.find(
        (row) => row.dims === dims && row.process === process && row.setting === TIGHT,
      );
      return {
        dims,
        process,
        tolerance: Number(setting),
        evaluations: round(evaluations),
        ofTight: round(evaluations / (tight?.evaluations ?? Number.NaN)),
        of1000: round(evaluations / 1000),
        distance: round(distance),
        tightDistance: round(tight?.distance ?? Number.NaN),
      };
    });
}
