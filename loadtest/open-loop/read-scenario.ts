import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse, type ScalarTag } from "yaml";
import { z } from "zod";
import { ClientFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { issueTexts } from "../../server/issue-texts.ts";
import { messageType } from "../../server/requests/contract.ts";
import { isJsonObject, readMessage } from "../../server/ws/read-json.ts";
import type { Scenario, Task, TaskRequest } from "./scenario.ts";
import { ScenarioError } from "./scenario-error.ts";
import { readTrace, type Trace } from "./trace.ts";

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const whole = z.int().min(1);

const PHASE = z.discriminatedUnion("process", [
  z.strictObject({ process: z.literal("poisson"), rate: positive, seconds: positive }),
  z.strictObject({
    process: z.literal("gamma"),
    rate: positive,
    shape: positive,
    seconds: positive,
  }),
  z.strictObject({
    process: z.literal("ramp"),
    from: z.number().min(0),
    to: z.number().min(0),
    seconds: positive,
  }),
  z.strictObject({ process: z.literal("replay"), file: z.string(), speed: positive.default(1) }),
]);

const TASK = z.strictObject({
  name: z.string().min(1),
  weight: positive.default(1),
  transport: z.enum(["grpc", "websocket"]).default("grpc"),
  /** One of the contract's requests in JSON, as on the WebSocket: `sample: {...}`. */
  request: z.unknown(),
  goalMs: positive.optional(),
  cancelShare: share.default(0),
  slowShare: share.default(0),
  slowPauseMs: positive.default(500),
});

const SETTLE = z.strictObject({
  windowS: whole.default(5),
  windows: whole.min(2).default(4),
  within: share.default(0.15),
});

/** Fields, ranges and defaults of a scenario file; what they mean is in scenario.ts. */
const SCENARIO = z.strictObject({
  name: z.string().min(1),
  description: z.string().default(""),
  seed: z.int().min(0).default(1),
  serverFlags: z.array(z.string()).default([]),
  arrivals: z.array(PHASE).min(1),
  warmupS: z.number().min(0).default(5),
  settle: z.union([z.literal(false), SETTLE]).prefault({}),
  connections: whole.default(4),
  maxInFlight: whole.default(10_000),
  processes: whole.default(1),
  drainS: positive.default(60),
  tasks: z.array(TASK).min(1),
});

const CLIENT_FRAME = messageType("ClientFrame");
const JOBS = ["sample", "encode", "decode", "logLikelihood"];

/**
 * Reads a scenario file: YAML of the fields above. `!file digit.png` stands for a file's bytes, beside the scenario.
 *
 * @throws ScenarioError
 */
export async function readScenario(path: string): Promise<Scenario> {
  const folder = dirname(path);
  const files = new Map<string, Buffer>();
  const json = parseYaml(await readText(path), path, files);
  for (const name of files.keys()) {
    files.set(name, await bytesOf(resolve(folder, name), `${path}: !file ${name}`));
  }
  const parsed = SCENARIO.safeParse(withFiles(json, files), { reportInput: true });
  if (!parsed.success) throw new ScenarioError(`${path}: ${problems(parsed.error)}`);
  const scenario = parsed.data;
  const tasks = scenario.tasks.map((task, i) => checkTask(task, `${path}: tasks[${i}]`));
  const names = tasks.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ScenarioError(
      `${path}: tasks: seen two of the name ${twice}, expected names of their own`,
    );
  }
  const traces = new Map<number, Trace>();
  for (const [i, phase] of scenario.arrivals.entries()) {
    if (phase.process !== "replay") continue;
    const file = resolve(folder, phase.file);
    traces.set(i, readTrace(await readText(file), names, `${path}: arrivals[${i}].file: ${file}`));
  }
  return { ...scenario, tasks, traces };
}

/** Where a file's bytes go, until they are read. */
class FileOf {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

function parseYaml(text: string, path: string, files: Map<string, Buffer>): unknown {
  const fileTag: ScalarTag = {
    tag: "!file",
    resolve(name) {
      files.set(name, Buffer.alloc(0));
      return new FileOf(name);
    },
  };
  try {
    return parse(text, { customTags: [fileTag] });
  } catch (error) {
    throw new ScenarioError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The JSON with each file's bytes in base64, as proto3 JSON has bytes. */
function withFiles(json: unknown, files: ReadonlyMap<string, Buffer>): unknown {
  if (json instanceof FileOf) return files.get(json.name)?.toString("base64");
  if (Array.isArray(json)) return json.map((item) => withFiles(item, files));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, withFiles(value, files)]),
  );
}

function checkTask(task: z.infer<typeof TASK>, path: string): Task {
  const { request, ...rest } = task;
  const names = isJsonObject(request) ? Object.keys(request) : [];
  let frame: ClientFrame;
  try {
    frame = ClientFrame.fromJSON(readMessage(CLIENT_FRAME, request));
  } catch (error) {
    throw new ScenarioError(`${path}.request: ${error instanceof Error ? error.message : error}`);
  }
  if (frame.request === undefined || !JOBS.includes(frame.request.$case)) {
    throw new ScenarioError(
      `${path}.request: seen ${names.join(", ") || "nothing"}, expected one of ${JOBS.join(", ")}`,
    );
  }
  const checked = frame.request as TaskRequest;
  const seedVaries = "seed" in checked.value && checked.value.seed === 0n;
  return { ...rest, request: checked, seedVaries };
}

/** Every problem that zod found: "arrivals[0].rate: ...". */
function problems(error: z.ZodError): string {
  return error.issues
    .flatMap((issue) => issueTexts(issue, "docs/loadtest.md"))
    .map(({ field, message }) => `${field || "the scenario"}: ${message}`)
    .join("; ");
}

async function readText(path: string): Promise<string> {
  return (await bytesOf(path, path)).toString();
}

async function bytesOf(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new ScenarioError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
