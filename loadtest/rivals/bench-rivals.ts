/**
 * Batching steps against batching requests and against one request at a time, on the same worker, front ends and jobs:
 * first what each can do, then each under the same Poisson load, at a share of the least of their capacities.
 *
 *   npm run bench:rivals [-- --load 0.8 --rounds 1 --scenario loadtest/scenarios/rivals.yaml]
 */
import { parseArgs } from "node:util";
import { machine, median } from "../machine.ts";
import { faster } from "../open-loop/faster.ts";
import { readScenario } from "../open-loop/read-scenario.ts";
import { reportOf, type TaskReport } from "../open-loop/report.ts";
import { columns } from "../open-loop/report-text.ts";
import { runScenario } from "../open-loop/run-scenario.ts";
import { shorter } from "../open-loop/shorter.ts";
import { type SpawnedServer, spawnServer } from "../spawn.ts";

const { values } = parseArgs({
  options: {
    scenario: { type: "string", default: "loadtest/scenarios/rivals.yaml" },
    load: { type: "string", default: "0.8" },
    rounds: { type: "string", default: "1" },
  },
});
const path = values.scenario;
const scenario = await readScenario(path);

/** The jobs of the scenario's first seconds, all within a tenth of one: what a server takes for them is its capacity. */
const CAPACITY = { factor: 1000, firstS: 150 };
/** Servers in turn, so that the machine's slower minutes are not one server's. */
const CAPACITY_RUNS = 2;
/** Rows of all jobs at once fit, for all three alike. */
const FLAGS = ["--log-level", "warn", "--max-active-rows", "4096", ...scenario.serverFlags];

const RIVAL = "loadtest/rivals/main.js";
const SERVERS = {
  ours: () => spawnServer(FLAGS),
  requests: () => spawnServer(FLAGS, [RIVAL, "request-level"]),
  one: () => spawnServer(FLAGS, [RIVAL, "one-at-a-time"]),
} as const;
type Name = keyof typeof SERVERS;
const NAMES: Readonly<Record<Name, string>> = {
  ours: "steps are batched (scorestream)",
  requests: "requests are batched",
  one: "one request at a time",
};

/** The report on all of a run's jobs. */
async function run({ grpc, http }: SpawnedServer, part: { factor: number; firstS?: number }) {
  const target = { grpc, url: `${http.replace("http", "ws")}/v1/stream` };
  const outcome = await runScenario(scenario, { path, target, ...part });
  const planned = part.firstS === undefined ? scenario : shorter(scenario, part.firstS);
  const report = reportOf(faster(planned, part.factor), outcome, new Date().toISOString());
  const { completed = 0 } = report.all.outcomes;
  if (completed !== report.all.planned) {
    throw new Error(
      `of ${report.all.planned} jobs ${completed} completed: the runs can't be compared`,
    );
  }
  return { all: report.all, seconds: outcome.seconds };
}

async function withServer<T>(name: Name, use: (server: SpawnedServer) => Promise<T>): Promise<T> {
  const server = await SERVERS[name]();
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** Jobs a second when there is always work: all of them over the time until the last has ended. */
function capacity(name: Name): Promise<number> {
  return withServer(name, async (server) => {
    const { all, seconds } = await run(server, CAPACITY);
    const jobs = seconds.reduce((sum, { completed }) => sum + completed, 0);
    return (1000 * jobs) / all.latencies.total.max;
  });
}

/** The mean over some runs of each server, in turn. */
async function capacitiesOf(): Promise<Record<Name, number>> {
  const sum: Record<Name, number> = { ours: 0, requests: 0, one: 0 };
  for (let i = 0; i < CAPACITY_RUNS; i++) {
    const seen = await each(capacity);
    for (const name of Object.keys(sum) as Name[]) sum[name] += seen[name] / CAPACITY_RUNS;
  }
  return sum;
}

async function each<T>(measure: (name: Name) => Promise<T>): Promise<Record<Name, T>> {
  return {
    ours: await measure("ours"),
    requests: await measure("requests"),
    one: await measure("one"),
  };
}

const rate = scenario.arrivals.reduce(
  (sum, phase) => (phase.process === "poisson" ? sum + phase.rate : Number.NaN),
  0,
);
const rounds: Record<Name, TaskReport>[] = [];
const capacities: Record<Name, number>[] = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  const can = await capacitiesOf();
  const least = Math.min(can.ours, can.requests);
  const perSecond = Number(values.load) * least;
  const shown = Object.entries(can).map(([name, jobs]) => `${name} ${jobs.toFixed(2)}`);
  process.stdout.write(
    `round ${round}: capacity in jobs/s: ${shown.join(", ")}; the load: ${perSecond.toFixed(2)}\n`,
  );
  const loaded = await each((name) =>
    withServer(name, async (server) => (await run(server, { factor: perSecond / rate })).all),
  );
  process.stdout.write(`${columns(tableOf(loaded)).join("\n")}\n`);
  capacities.push(can);
  rounds.push(loaded);
}

function tableOf(loaded: Readonly<Record<Name, TaskReport>>): string[][] {
  const rows = (Object.keys(NAMES) as Name[]).map((name) => {
    const { firstPreview, total } = loaded[name].latencies;
    const figures = [firstPreview.p50, firstPreview.p95, total.p50, total.p95, total.max];
    return [NAMES[name], ...figures.map((ms) => ms.toFixed(0))];
  });
  const head = ["ms", "first preview p50", "p95", "total p50", "p95", "max"];
  return [head, ...rows];
}

const ratio = (rival: "requests" | "one", of: (report: TaskReport) => number): number =>
  median(rounds.map((loaded) => of(loaded[rival]) / of(loaded.ours)));
const firstPreview = ({ latencies }: TaskReport): number => latencies.firstPreview.p95;
const total = ({ latencies }: TaskReport): number => latencies.total.p95;
const figures = {
  benchmark: "rivals",
  firstPreviewP95Ratio: ratio("requests", firstPreview),
  totalP95Ratio: ratio("requests", total),
  oneAtATime: {
    firstPreviewP95Ratio: ratio("one", firstPreview),
    totalP95Ratio: ratio("one", total),
  },
  capacityRatio: median(capacities.map((can) => can.ours / can.requests)),
  load: Number(values.load),
  jobs: rounds[0]?.ours.planned,
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
