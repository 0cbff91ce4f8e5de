/**
 * Open-loop load on a server, from outside of it: docs/loadtest.md.
 *
 *   npm run loadtest -- SCENARIO.yaml [--grpc HOST:PORT --http HOST:PORT] [--rate FACTOR]
 *       [--json FILE] [--html FILE]
 *   npm run loadtest -- compare BEFORE.json AFTER.json [--gate 0.05]
 *
 * Without --grpc and --http it starts a server of its own. The last line is JSON.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { spawnServer } from "../spawn.ts";
import { compare, compareText, worse } from "./compare.ts";
import { faster } from "./faster.ts";
import { readScenario } from "./read-scenario.ts";
import { type Report, reportOf } from "./report.ts";
import { reportHtml } from "./report-html.ts";
import { reportText } from "./report-text.ts";
import { runScenario } from "./run-scenario.ts";
import { ScenarioError } from "./scenario-error.ts";
import type { Second } from "./second.ts";

const USAGE = `Usage: npm run loadtest -- SCENARIO.yaml [--grpc HOST:PORT --http HOST:PORT] [--rate FACTOR]
           [--json FILE] [--html FILE]
       npm run loadtest -- compare BEFORE.json AFTER.json [--gate 0.05]

  --grpc, --http   a server that runs; left out: one is started, with the scenario's serverFlags
  --rate FACTOR    the same jobs, so many times as fast
  --json FILE      all figures
  --html FILE      a page with charts that needs nothing else
  --gate SHARE     of compare: exit code 1 where a figure is worse by more than this share

Scenarios are in loadtest/scenarios; docs/loadtest.md says what they may hold.
`;

/** Whatever is wrong with the command line or its files: exit code 2. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

const OPTIONS = {
  grpc: { type: "string" },
  http: { type: "string" },
  json: { type: "string" },
  html: { type: "string" },
  rate: { type: "string", default: "1" },
  gate: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

type Values = ReturnType<typeof parse>["values"];

function parse() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parse();
  const [first, ...rest] = positionals;
  if (values.help === true) process.stdout.write(USAGE);
  else if (first === "compare") await compareRuns(rest, values);
  else if (first !== undefined && rest.length === 0) await load(first, values);
  else
    throw new UsageError(`seen ${positionals.join(" ") || "no scenario"}, expected one scenario`);
}

async function load(path: string, values: Values): Promise<void> {
  if ((values.grpc === undefined) !== (values.http === undefined)) {
    throw new UsageError("expected both --grpc and --http, or neither");
  }
  const factor = Number(values.rate);
  if (!(factor > 0 && Number.isFinite(factor))) {
    throw new UsageError(`--rate: seen ${values.rate}, expected a factor above 0 such as 1.5`);
  }
  const scenario = await readScenario(path);
  const server =
    values.grpc === undefined
      ? await spawnServer(["--log-level", "warn", ...scenario.serverFlags])
      : undefined;
  try {
    const http = server?.http ?? `http://${values.http}`;
    const target = {
      grpc: server?.grpc ?? values.grpc ?? "",
      url: `${http.replace(/^http/, "ws")}/v1/stream`,
    };
    const date = new Date().toISOString();
    const outcome = await runScenario(scenario, { path, target, factor, onSecond: showSecond });
    const report = reportOf(faster(scenario, factor), outcome, date);
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report)}\n`);
    if (values.html !== undefined) await writeFile(values.html, reportHtml(report));
    process.stdout.write(`\n${reportText(report)}\n${JSON.stringify(lastLine(report))}\n`);
  } finally {
    await server?.stop();
  }
}

/** A line every five seconds, so that one sees it live. */
function showSecond({ second, inFlight, completed, evaluations }: Second): void {
  if (second % 5 !== 4) return;
  const line = `${second + 1} s: ${inFlight} in flight, ${completed} completed and ${evaluations} evaluations in the last second`;
  process.stderr.write(`${line}\n`);
}

function lastLine({ all, moments: _, tasks: __, description: ___, ...rest }: Report) {
  const { firstPreview, total } = all.latencies;
  return {
    benchmark: "loadtest",
    ...rest,
    planned: all.planned,
    unsent: all.unsent,
    outcomes: all.outcomes,
    goodput: all.goodput,
    firstPreviewP95Ms: firstPreview.count === 0 ? null : firstPreview.p95,
    totalP95Ms: total.count === 0 ? null : total.p95,
  };
}

async function compareRuns(files: readonly string[], { gate }: Values): Promise<void> {
  const [before, after] = files;
  if (before === undefined || after === undefined || files.length > 2) {
    throw new UsageError(`compare: seen ${files.length} files, expected two reports of --json`);
  }
  const share = gate === undefined ? undefined : Number(gate);
  if (share !== undefined && !(share >= 0)) {
    throw new UsageError(`--gate: seen ${gate}, expected a share such as 0.05`);
  }
  const [a, b] = [await readReport(before), await readReport(after)];
  const rows = compare(a, b);
  process.stdout.write(compareText(a, b, rows));
  const failed = share === undefined ? [] : worse(rows, share);
  for (const { name, ratio } of failed) {
    process.stdout.write(`worse by more than ${gate}: ${name}: ${ratio.toFixed(3)}\n`);
  }
  if (failed.length > 0) process.exitCode = 1;
  process.stdout.write(`${JSON.stringify({ benchmark: "loadtest-compare", rows })}\n`);
}

async function readReport(path: string): Promise<Report> {
  try {
    const report = JSON.parse(await readFile(path, "utf8")) as Report;
    if (report.all?.latencies === undefined) throw new Error("it has no `all.latencies`");
    return report;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path}: expected a report of --json: ${reason}`);
  }
}

try {
  await main();
} catch (error) {
  const wrong = error instanceof UsageError || error instanceof ScenarioError;
  process.stderr.write(`loadtest: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(USAGE);
  process.exitCode = wrong ? 2 : 1;
}
