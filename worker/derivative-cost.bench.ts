/**
 * Cost of derived graphs beside that of their sources, side by side in one run:
 *
 *   npm run bench:derivatives -- [--original] [model.onnx [x [output]]]
 *
 * Networks and derived graphs are in the form that a server runs on a CPU (onnx/rewrites), unless `--original` says otherwise.
 * Evaluations of (f, J v) over evaluations of f. Without a model, of color-digits, and also guided evaluations (the score
 * network and the gradient of the classifier's log-probability in one graph) over one of the score network and three of
 * the classifier. Each line is one batch size and number of threads: medians of evaluations in turn, and the median of
 * the ratios of evaluations that follow each other. Times are those of the processor, of all threads together: what else
 * the machine does is not in them. Batches of f and of (f, J v) are evaluated as a server does: each in runs of as many
 * places as were measured to be best for it, in this process (portions.ts).
 *
 * The last line has all of them as JSON. Its `jvpOverScore` is the largest ratio of (f, J v) to f over all batch sizes
 * that were measured, with one thread.
 */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { InferenceSession } from "onnxruntime-node";
import { forwardMode, tangentName } from "../onnx/forward.ts";
import { guided } from "../onnx/guided.ts";
import { type OnnxModel, readModel, writeModel } from "../onnx/model-file.ts";
import type { Rewrite } from "../onnx/rewrites/rewrite.ts";
import { REWRITES, rewritten } from "../onnx/rewrites/rewritten.ts";
import { normals, proofTensor, uniforms } from "./derivative-proof-inputs.ts";
import { placesPerRun, portionsOf, viewsOf } from "./portions.ts";
import { sessionOptions } from "./sessions.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { original: { type: "boolean", default: false } },
});

const ROUNDS = 21;
const THREADS: readonly number[] = [1, 2];
const ROWS: readonly number[] = [1, 2, 4, 8, 16, 32];

/** Evaluations at each size before the best size of a run is chosen; the fastest counts. */
const TRIES = 5;

interface Evaluation {
  /** One evaluation, in milliseconds of processor time. */
  run(): Promise<number>;
  /** Ends its session, so that it takes no memory from those measured after it. */
  release(): Promise<void>;
}

interface Cost {
  readonly graph: "tangent" | "guided";
  readonly threads: number;
  readonly rows: number;
  /** Medians. */
  readonly sourceMs: number;
  readonly derivedMs: number;
  readonly ratio: number;
  /** Places of a run, at most; undefined: all. */
  readonly sourcePerRun?: number | undefined;
  readonly derivedPerRun?: number | undefined;
}

function digits(file: string): string {
  return fileURLToPath(new URL(`../../models/color-digits/${file}`, import.meta.url));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Time of the processor so far, in ms. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * @param pictures the inputs of standard normal numbers; those of real numbers beside them are times
 * @param perRun places of one run of the session, at most
 */
async function evaluation(
  bytes: Uint8Array,
  threads: number,
  rows: number,
  pictures: readonly string[],
  perRun?: number,
): Promise<Evaluation> {
  // Idle threads of one session that spin would slow the other one.
  const extra = { session: { intra_op: { allow_spinning: "0" } } };
  const session = await InferenceSession.create(bytes, { ...sessionOptions(threads), extra });
  const tensorOf = proofTensor(session, { rows, dims: {} });
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => {
      const isPicture = pictures.includes(name);
      return [name, tensorOf(name, (n) => (isPicture ? normals(1, n) : uniforms(2, n))).tensor];
    }),
  );
  const runs = portionsOf(rows, perRun).map((portion) => viewsOf(feeds, portion));
  return {
    async run() {
      const before = processorMs();
      for (const run of runs) await session.run(run);
      return processorMs() - before;
    },
    release: () => session.release(),
  };
}

/** @param source evaluations that the derived one is measured by: the sum of them all */
async function cost(
  setting: Omit<Cost, "sourceMs" | "derivedMs" | "ratio">,
  source: readonly Evaluation[],
  derived: Evaluation,
): Promise<Cost> {
  const times: { readonly plain: number; readonly both: number }[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    let plain = 0;
    for (const one of source) plain += await one.run();
    const both = await derived.run();
    if (round >= 0) times.push({ plain, both });
  }
  for (const one of new Set([...source, derived])) await one.release();
  const sourceMs = median(times.map(({ plain }) => plain));
  const derivedMs = median(times.map(({ both }) => both));
  const ratio = median(times.map(({ plain, both }) => both / plain));
  const [a, b, c] = [sourceMs, derivedMs, ratio].map((number) => number.toFixed(2));
  const { graph, threads, rows, sourcePerRun = rows, derivedPerRun = rows } = setting;
  const runs = `runs of ${Math.min(rows, sourcePerRun)} and ${Math.min(rows, derivedPerRun)}`;
  process.stdout.write(
    `${graph}, threads ${threads}, rows ${rows}: source ${a} ms, derived ${b} ms, ratio ${c} (${runs})\n`,
  );
  return { ...setting, sourceMs, derivedMs, ratio };
}

/** The best size of a run, by the server's own rule. */
async function bestRun(
  bytes: Uint8Array,
  threads: number,
  pictures: readonly string[],
): Promise<number | undefined> {
  const ms: number[] = [];
  for (const rows of ROWS) {
    const whole = await evaluation(bytes, threads, rows, pictures);
    await whole.run();
    let fastest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) fastest = Math.min(fastest, await whole.run());
    await whole.release();
    ms.push(fastest);
  }
  return placesPerRun(ROWS, ms);
}

/** The form in which a server runs a graph on the CPU. */
function asServed(model: OnnxModel, rewrites: readonly Rewrite[]): OnnxModel {
  return values.original ? model : (rewritten(model, rewrites) ?? model);
}

async function tangentCosts(file: string, input: string, output: string): Promise<Cost[]> {
  const model = readModel(await readFile(file));
  const source = writeModel(asServed(model, REWRITES.score));
  const derived = writeModel(forwardMode(asServed(model, REWRITES.jvp), { input, output }));
  const pictures = [input, tangentName(input)];
  const costs: Cost[] = [];
  for (const threads of THREADS) {
    const sourcePerRun = await bestRun(source, threads, pictures);
    const derivedPerRun = await bestRun(derived, threads, pictures);
    for (const rows of ROWS) {
      const f = await evaluation(source, threads, rows, pictures, sourcePerRun);
      const df = await evaluation(derived, threads, rows, pictures, derivedPerRun);
      const setting = { graph: "tangent", threads, rows, sourcePerRun, derivedPerRun } as const;
      costs.push(await cost(setting, [f], df));
    }
  }
  return costs;
}

async function guidedCosts(): Promise<Cost[]> {
  const [network, judge] = [
    readModel(await readFile(digits("score.onnx"))),
    readModel(await readFile(digits("classifier.onnx"))),
  ];
  const score = writeModel(asServed(network, REWRITES.score));
  const classifier = writeModel(asServed(judge, REWRITES.guided));
  const path = { input: "x", output: "logits", kind: "logits" } as const;
  const options = { scoreOutput: "F", classifier: path };
  const both = writeModel(asServed(guided(network, judge, options), REWRITES.guided));
  const pictures = ["x", "classifier_x"];
  const costs: Cost[] = [];
  for (const threads of THREADS) {
    for (const rows of [1, 4, 8, 16]) {
      const s = await evaluation(score, threads, rows, pictures);
      const p = await evaluation(classifier, threads, rows, pictures);
      const together = await evaluation(both, threads, rows, pictures);
      costs.push(await cost({ graph: "guided", threads, rows }, [s, p, p, p], together));
    }
  }
  return costs;
}

const [file, input = "x", output = "F"] = positionals;
const costs = await tangentCosts(file ?? digits("score.onnx"), input, output);
if (file === undefined) costs.push(...(await guidedCosts()));
const all = cpus();
const machine = `${all.length} x ${all[0]?.model.trim() ?? "unknown CPU"}, Node ${process.versions.node}`;
const counted = costs.filter(({ graph, threads }) => graph === "tangent" && threads === 1);
const jvpOverScore = Math.max(...counted.map(({ ratio }) => ratio));
const figures = { benchmark: "derivative-cost", jvpOverScore, costs, machine };
process.stdout.write(`${JSON.stringify(figures)}\n`);
