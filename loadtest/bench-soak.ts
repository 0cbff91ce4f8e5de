/**
 * Streams in flight over the WebSocket for a long time: each ends with its results, none is lost, and the server's memory
 * stays where it was. Its slope is that of a line through the samples after the warm-up, with its standard error.
 *
 *   npm run bench:soak [-- --minutes 20 --streams 2000 --connections 100 --every 10 --warmup-minutes 4
 *       --scenario loadtest/scenarios/streams.yaml]
 *
 * The streams are the scenario's tasks. Samples count after the warm-up and once as many streams have ended as are in flight;
 * a run without enough of these goes on until it has them. With as many connections as streams each has one of its own. Ends with exit code 1
 * where a stream was lost.
 */
import { parseArgs } from "node:util";
import { machine } from "./machine.ts";
import { readScenario } from "./open-loop/read-scenario.ts";
import { type Course, type Sample, soak } from "./soak/soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    "warmup-minutes": { type: "string" },
    streams: { type: "string", default: "2000" },
    connections: { type: "string", default: "100" },
    every: { type: "string", default: "10" },
    scenario: { type: "string", default: "loadtest/scenarios/streams.yaml" },
  },
});
const minutes = Number(values.minutes);
const warmupMinutes = Number(values["warmup-minutes"] ?? minutes / 5);
const options = { streams: Number(values.streams), connections: Number(values.connections) };

function mib(kib: number): string {
  return `${(kib / 1024).toFixed(1)} MiB`;
}

function showSample({ seconds, inFlight, ended, lost, rss, heapUsed, external }: Sample): void {
  const memory = `${mib(rss)} resident, ${mib(heapUsed)} heap, ${mib(external)} external`;
  const line = `${seconds.toFixed(0)} s: ${inFlight} in flight, ${ended} ended, ${lost} lost; ${memory}`;
  process.stderr.write(`${line}\n`);
}

function showCourse(what: string, course: Course): void {
  const { meanKib, slopeKibPerMinute, standardError, withinNoise } = course;
  const slope = `${slopeKibPerMinute.toFixed(1)} +- ${standardError.toFixed(1)} KiB/min`;
  const judged = withinNoise ? "no growth beyond noise" : "it grows";
  process.stdout.write(`${what}: ${mib(meanKib)}, ${slope}: ${judged}\n`);
}

const { rss, heapUsed, external, ...counts } = await soak({
  ...options,
  scenario: await readScenario(values.scenario),
  seconds: 60 * minutes,
  warmupS: 60 * warmupMinutes,
  everyS: Number(values.every),
  onSample: showSample,
});
const { ended, left, lost, skipped } = counts;
process.stdout.write(
  `${ended} streams ended as they should, ${left} of them left by their readers; ${lost} lost; ${skipped} events replaced by newer ones\n`,
);
showCourse("resident", rss);
showCourse("JavaScript heap", heapUsed);
showCourse("external", external);
const figures = {
  benchmark: "soak",
  ...options,
  minutes,
  warmupMinutes,
  ...counts,
  flat: rss.withinNoise && heapUsed.withinNoise && external.withinNoise,
  ...{ rss, heapUsed, external },
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
if (lost > 0) process.exitCode = 1;
