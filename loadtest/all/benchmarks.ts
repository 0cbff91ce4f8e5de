/** A benchmark of the page. */
export interface Benchmark {
  readonly name: string;
  /** Compiled, relative to dist/. */
  readonly script: string;
  /** The npm script, `bench:` left out. */
  readonly command: string;
  readonly needsPython?: boolean;
}

export const ALL_BENCHMARKS: readonly Benchmark[] = [
  { name: "overhead", script: "loadtest/bench-overhead.js", command: "overhead" },
  {
    name: "pytorch",
    script: "loadtest/rivals/bench-pytorch.js",
    command: "pytorch -- --python PATH",
    needsPython: true,
  },
  { name: "rivals", script: "loadtest/rivals/bench-rivals.js", command: "rivals" },
  { name: "scaling", script: "loadtest/scaling/bench-scaling.js", command: "scaling" },
  { name: "memory", script: "loadtest/bench-memory.js", command: "memory" },
  { name: "large", script: "loadtest/bench-large.js", command: "large" },
  { name: "soak", script: "loadtest/bench-soak.js", command: "soak" },
  { name: "startup", script: "loadtest/bench-startup.js", command: "startup" },
  { name: "telemetry", script: "loadtest/bench-telemetry.js", command: "telemetry" },
  { name: "submit", script: "loadtest/bench-submit.js", command: "submit" },
  { name: "forecast", script: "loadtest/bench-forecast.js", command: "forecast" },
  { name: "derivatives", script: "worker/derivative-cost.bench.js", command: "derivatives" },
  { name: "page", script: "loadtest/bench-page.js", command: "page" },
];
