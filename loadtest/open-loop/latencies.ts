import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";

/**
 * What is timed, in ms. All but the gap count from the time that the job was SCHEDULED for, so that a generator or a server
 * that stalls is charged for the jobs that waited meanwhile (Tene's "coordinated omission").
 */
export const MEASURES = ["sendDelay", "firstEvent", "firstPreview", "previewGap", "total"] as const;
export type Measure = (typeof MEASURES)[number];

export const MEASURE_NAMES: Readonly<Record<Measure, string>> = {
  sendDelay: "sent after its time",
  firstEvent: "first event",
  firstPreview: "first preview",
  previewGap: "gap between previews",
  total: "total",
};

/** HdrHistograms hold whole numbers: microseconds, to three digits, up to an hour. */
const UNITS_PER_MS = 1000;
const HIGHEST = 3600 * 1000 * UNITS_PER_MS;
const DIGITS = 3;

/** What a report says of a measure, in ms. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** The whole curve: percentiles and their values. */
  readonly curve: readonly (readonly [percentile: number, ms: number])[];
}

/** Up to five nines, evenly on a logarithmic scale of 1 - p. */
const CURVE = Array.from({ length: 41 }, (_, i) => 100 * (1 - 10 ** (-i / 8)));

/** A histogram of each measure. */
export class Latencies {
  readonly #histograms: Readonly<Record<Measure, Histogram>>;

  constructor(encoded?: Readonly<Record<Measure, string>>) {
    const make = (measure: Measure): Histogram =>
      encoded === undefined
        ? build({
            bitBucketSize: 32,
            lowestDiscernibleValue: 1,
            highestTrackableValue: HIGHEST,
            numberOfSignificantValueDigits: DIGITS,
          })
        : (decodeFromCompressedBase64(encoded[measure], 32, false) as Histogram);
    this.#histograms = ofMeasures(make);
  }

  record(measure: Measure, ms: number): void {
    const value = Math.round(ms * UNITS_PER_MS);
    this.#histograms[measure].recordValue(Math.min(HIGHEST, Math.max(0, value)));
  }

  add(other: Latencies): void {
    for (const measure of MEASURES) {
      this.#histograms[measure].add(other.#histograms[measure]);
    }
  }

  /** For another process. */
  encoded(): Readonly<Record<Measure, string>> {
    return ofMeasures((measure) => encodeIntoCompressedBase64(this.#histograms[measure]));
  }

  summaries(): Readonly<Record<Measure, Summary>> {
    return ofMeasures((measure) => summary(this.#histograms[measure]));
  }
}

function ofMeasures<T>(make: (measure: Measure) => T): Record<Measure, T> {
  const made = MEASURES.map((measure) => [measure, make(measure)] as const);
  return Object.fromEntries(made) as Record<Measure, T>;
}

function summary(histogram: Histogram): Summary {
  const at = (percentile: number): number =>
    histogram.getValueAtPercentile(percentile) / UNITS_PER_MS;
  const count = histogram.totalCount;
  return {
    count,
    mean: count === 0 ? 0 : histogram.mean / UNITS_PER_MS,
    p50: at(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    max: count === 0 ? 0 : histogram.maxValue / UNITS_PER_MS,
    // Of few values the far percentiles are all the largest.
    curve: CURVE.filter((percentile) => count * (1 - percentile / 100) >= 0.5).map(
      (percentile) => [percentile, at(percentile)] as const,
    ),
  };
}
