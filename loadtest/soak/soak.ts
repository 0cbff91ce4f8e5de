import { setTimeout as sleep } from "node:timers/promises";
import { withMeasured } from "../memory/measured-server.ts";
import { meanOf } from "../statistics.ts";
import { trendOf } from "../trend.ts";
import { Streams, type StreamsOptions } from "./streams.ts";

export interface SoakOptions extends Omit<StreamsOptions, "url"> {
  /** At least: it goes on until there are samples enough. */
  readonly seconds: number;
  /**
   * Samples of so many seconds at the beginning do not count, nor any before as many streams have ended as are in flight:
   * until then those that take long are fewer among them than later.
   */
  readonly warmupS: number;
  /** Seconds from one sample to the next. */
  readonly everyS: number;
  /** Each sample as it is taken. */
  readonly onSample?: (sample: Sample) => void;
}

/** What the server's process had at a time, after a full collection. */
export interface Sample {
  readonly seconds: number;
  readonly inFlight: number;
  /** Streams that had ended as they should. */
  readonly ended: number;
  readonly lost: number;
  /** In KiB. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** How one kind of memory went over the samples that count. */
export interface Course {
  readonly meanKib: number;
  readonly slopeKibPerMinute: number;
  readonly standardError: number;
  /** It does not grow by more than chance does: by at most two standard errors. */
  readonly withinNoise: boolean;
}

export interface Soaked {
  /** Streams that ended as they should, and of these those that their readers left. */
  readonly ended: number;
  readonly left: number;
  /** Those that did not, and what was wrong with them. */
  readonly lost: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Events that newer ones of their kind had replaced before they were sent. */
  readonly skipped: number;
  /** The fewest in flight at any sample. */
  readonly leastInFlight: number;
  /** Those that count. */
  readonly samples: number;
  readonly rss: Course;
  readonly heapUsed: Course;
  readonly external: Course;
}

/** Fewer have no slope: a run that has not got so many goes on until it has. */
const LEAST_SAMPLES = 12;

/** How long an ended job is remembered by the server, in s: what is remembered must have settled when the warm-up ends. */
const RETENTION_S = 10;

/**
 * Keeps streams in flight over a server of its own for so long, checks each, and follows what memory the server takes.
 *
 * @throws Error where the server can't be started or reached
 */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const { seconds, warmupS, everyS, scenario, streams, onSample = () => undefined } = options;
  const flags = ["--log-level", "warn", "--job-retention-s", String(RETENTION_S)];
  // A task may have more rows than one.
  const room = ["--max-rows", String(8 * streams)];
  return await withMeasured([...flags, ...room, ...scenario.serverFlags], async (server) => {
    const url = `${server.http.replace("http", "ws")}/v1/stream`;
    const startedMs = performance.now();
    const now = (): number => (performance.now() - startedMs) / 1000;
    const all = await Streams.open({ ...options, url });
    const counted: Sample[] = [];
    while (now() < seconds || counted.length < LEAST_SAMPLES) {
      await sleep(1000 * everyS);
      const { rss, heapUsed, external } = await server.memory();
      const sample = {
        seconds: now(),
        inFlight: all.inFlight,
        ended: all.completed + all.left,
        lost: all.lost,
        rss: rss / 1024,
        heapUsed: heapUsed / 1024,
        external: external / 1024,
      };
      const warm = sample.seconds >= warmupS && sample.ended >= streams;
      if (warm) counted.push(sample);
      onSample(sample);
    }
    await all.stop();
    return soaked(all, counted);
  });
}

function soaked(all: Streams, samples: readonly Sample[]): Soaked {
  return {
    ended: all.completed + all.left,
    left: all.left,
    lost: all.lost,
    faults: Object.fromEntries(all.faults),
    skipped: all.skipped,
    leastInFlight: Math.min(...samples.map(({ inFlight }) => inFlight)),
    samples: samples.length,
    rss: courseOf(samples, "rss"),
    heapUsed: courseOf(samples, "heapUsed"),
    external: courseOf(samples, "external"),
  };
}

function courseOf(samples: readonly Sample[], kind: "rss" | "heapUsed" | "external"): Course {
  const { slope, error } = trendOf(samples.map((each) => [each.seconds / 60, each[kind]] as const));
  return {
    meanKib: meanOf(samples.map((each) => each[kind])).mean,
    slopeKibPerMinute: slope,
    standardError: error,
    withinNoise: slope <= 2 * error,
  };
}
