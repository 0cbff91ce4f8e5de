import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { writeModel } from "../onnx/model-file.ts";
import { tensor } from "../onnx/tensor.ts";
import {
  ImageFormat,
  JobOptions_Priority,
  type ListModelsResponse,
  SampleRequest,
  type ScoreStreamClient,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import {
  type FolderChanges,
  merge,
  withFolder,
  writeModelFolder,
} from "./models/test-model-folder.ts";
import { type RunningServer, startServer } from "./start.ts";
import { silent, testConfig } from "./testing/config.ts";
import { dyingWorkers } from "./testing/dying-workers.ts";
import { connectGrpc, listModels, once, readAll } from "./testing/grpc-client.ts";
import { writeVersion } from "./testing/served-model.ts";

interface Served {
  readonly root: string;
  readonly server: RunningServer;
  readonly client: ScoreStreamClient;
}

/** A server of a folder that the test may write in, which holds version one of the model "m". */
async function serve(
  t: ExecutionContext,
  root: string,
  options: Parameters<typeof startServer>[2] = {},
): Promise<Served> {
  const config = testConfig({ models: root, shutdownGraceS: 0, admin: "127.0.0.1:0", threads: 1 });
  const server = await startServer(config, silent, options);
  const client = connectGrpc(server.grpcPort);
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  return { root, server, client };
}

const sampler = (steps: number) =>
  ({
    method: {
      $case: "predictorCorrector",
      value: { predictor: "euler-maruyama", corrector: "langevin", steps },
    },
  }) as const;

const request = (steps: number, more: Parameters<typeof SampleRequest.fromPartial>[0] = {}) =>
  SampleRequest.fromPartial({
    ...{ model: "m", count: 2, seed: 5n, sampler: sampler(steps) },
    ...{ format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32, options: { strict: true } },
    ...more,
  });

/** Pictures of a request by row, as bytes, and the network that drew them; else how it was refused. */
async function sample(client: ScoreStreamClient, asked: SampleRequest): Promise<unknown> {
  const { events, status } = await readAll(client.sample(asked));
  if (status.code !== 0) return status.details;
  const pictures: string[] = [];
  let network = "";
  for (const { event } of events) {
    if (event?.$case === "sampled") {
      pictures[event.value.row] = event.value.image?.data.toString("hex") ?? "";
    }
    if (event?.$case === "completed") network = event.value.modelSha256;
  }
  return { pictures, network };
}

const namesAndVersions = ({ models }: ListModelsResponse) =>
  models.map(({ name, version }) => [name, version]);

async function admin(
  { server }: Served,
  method: "GET" | "POST",
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${server.adminPort}${path}`, { method, headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test("jobs end on the version that they began on, bit for bit; others get the new one", async (t) => {
  await withFolder(async (root) => {
    const one = await writeVersion(root, "gaussian-mixture-vp");
    const served = await serve(t, root);
    const { client, server } = served;
    const undisturbed = await sample(client, request(600));
    // An interactive job that has no end in sight leaves a batch job so little that it can't end before it.
    const holding = client.sample(request(10_000, { count: 64, options: {} }));
    const held = new Promise<string>((resolve) => holding.once("data", (e) => resolve(e.jobId)));
    const holdingEnd = readAll(holding);
    const jobId = await held;
    const priority = JobOptions_Priority.PRIORITY_BATCH;
    const disturbed = sample(client, request(600, { options: { strict: true, priority } }));
    while (server.load.jobs < 2) await new Promise((resolve) => setImmediate(resolve));

    const two = await writeVersion(root, "gaussian-mixture-subvp");
    const { status, body } = await admin(served, "POST", "/v1/models/reload");
    t.is(status, 200);
    const change = { model: "m", outcome: "replaced", version: two, replaced: one };
    t.deepEqual(body, { changes: [change], problems: [] });
    t.is(server.load.jobs, 2, "the jobs ended before the switch");
    t.deepEqual(namesAndVersions(await listModels(client)), [["m", two]]);
    const retiring = async () => (await admin(served, "GET", "/v1/models")).body.retiring;
    t.like(await retiring(), [{ model: "m", version: one }]);
    const fresh = (await sample(client, request(20))) as { network: string };

    await once((answer) => client.cancel({ jobId, rows: [] }, answer));
    await holdingEnd;
    t.deepEqual(await disturbed, undisturbed);
    t.not(fresh.network, (undisturbed as { network: string }).network);
    while (((await retiring()) as unknown[]).length > 0);
    t.deepEqual(await sample(client, request(20)), fresh);
    t.deepEqual(server.load, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });

    // And back: the version that was closed is opened anew.
    await writeVersion(root, "gaussian-mixture-vp");
    t.deepEqual(
      (await server.reload()).changes.map(({ outcome, version }) => [outcome, version]),
      [["replaced", one]],
    );
    t.deepEqual(await sample(client, request(600)), undisturbed);
  });
});

/** A network whose signature is right, and that fails at whatever it is given. */
function failingNetwork(): Uint8Array {
  const graph = new GraphBuilder("fails");
  graph.input("x", "float32", ["batch", 3, 4, 4]);
  graph.input("t", "float32", ["batch"]);
  // Seven pictures, whatever the batch: profiles take batches of 1, 2, 4, ...
  const shape = graph.initializer("shape", tensor("int64", [4], [7, 3, 4, 4]));
  const output = graph.node("Reshape", ["x", shape], {}, { name: "score" });
  graph.output(output, "float32", ["batch", 3, 4, 4]);
  return writeModel(graph.build({ opset: 17 }));
}

const BROKEN: readonly (readonly [name: string, changes: () => FolderChanges, problem: RegExp])[] =
  [
    ["a manifest that is not JSON", () => ({ manifest: "{" }), /^m\/model\.json: is not JSON: /],
    [
      "a manifest without its process",
      () => ({ manifest: (json) => void delete json.forwardProcess }),
      /^m\/model\.json: forwardProcess: /,
    ],
    [
      "a network of another sha256",
      () => ({ files: { "score.onnx": "cut off" } }),
      /^m\/model\.json: score\.sha256: seen "[\da-f]{64}", but the bytes of score\.onnx have "[\da-f]{64}"/,
    ],
    [
      "a network that does not run",
      () => ({ graph: failingNetwork(), manifest: merge("", { name: "m" }) }),
      /^the network's evaluation failed: Got invalid dimensions for output: score /,
    ],
  ];

test("a version that can't run leaves the old one serving, and says what is wrong", async (t) => {
  await withFolder(async (root) => {
    const one = await writeVersion(root, "gaussian-mixture-vp");
    const served = await serve(t, root);
    const { client, server } = served;
    const before = await sample(client, request(20));
    for (const [name, changes, expected] of BROKEN) {
      await writeModelFolder(root, "m", changes());
      const { status, body } = await admin(served, "POST", "/v1/models/reload");
      t.is(status, 422, name);
      t.deepEqual(body.changes, [{ model: "m", outcome: "kept", version: one }], name);
      const [problem, ...others] = body.problems as { message: string }[];
      t.regex(problem?.message ?? "", expected, name);
      t.deepEqual(others, [], name);
      const ready = await fetch(`http://127.0.0.1:${server.httpPort}/readyz`);
      t.is(ready.status, 200, name);
      const body_ = { ready: true, reasons: [], problems: [problem?.message] };
      t.deepEqual(await ready.json(), body_, name);
      t.deepEqual(namesAndVersions(await listModels(client)), [["m", one]], name);
      t.deepEqual(await sample(client, request(20)), before, name);
    }
    await writeVersion(root, "gaussian-mixture-ve");
    t.like(await server.reload(), { problems: [] });
    t.notDeepEqual(await sample(client, request(20)), before);
  });
});

test("models come and go; a folder that can't be read changes nothing", async (t) => {
  await withFolder(async (root) => {
    const one = await writeVersion(root, "gaussian-mixture-vp");
    const { client, server } = await serve(t, root);
    const other = await writeVersion(root, "gaussian-mixture-ve", { name: "a" });
    t.deepEqual((await server.reload()).changes, [
      { model: "a", outcome: "opened", version: other },
      { model: "m", outcome: "unchanged", version: one },
    ]);
    // The first by name is the default.
    const asDefault = await sample(client, request(10, { model: "" }));
    t.deepEqual(asDefault, await sample(client, request(10, { model: "a" })));

    await rm(join(root, "m"), { recursive: true });
    t.deepEqual((await server.reload()).changes, [
      { model: "a", outcome: "unchanged", version: other },
      { model: "m", outcome: "removed", version: one },
    ]);
    t.is(await sample(client, request(10)), 'model: seen "m", expected one of "a"');

    await rm(root, { recursive: true });
    const { changes, problems } = await server.reload();
    t.deepEqual(changes, [{ model: "a", outcome: "kept", version: other }]);
    t.deepEqual(problems, [{ model: "", message: `${root}: expected a folder of models` }]);
    t.deepEqual(await sample(client, request(10, { model: "" })), asDefault);

    await writeVersion(root, "gaussian-mixture-vp");
    t.deepEqual(
      (await server.reload()).changes.map(({ model, outcome }) => [model, outcome]),
      [
        ["a", "removed"],
        ["m", "opened"],
      ],
    );
  });
});

test("a worker that replaces another loads what is served, whatever the folder has by now", async (t) => {
  await withFolder(async (root) => {
    await writeVersion(root, "gaussian-mixture-vp");
    const lives = [2, 5, 3].map((batch) => ({ death: "exit", stage: "evaluated", batch }) as const);
    let lost = 0;
    const workers = dyingWorkers({ lives, onLost: () => void lost++ });
    const dying = await serve(t, root, { workers });
    const { client } = await serve(t, root);
    const expected = await sample(client, request(20));
    await writeFile(join(root, "m", "score.onnx"), "overwritten in place");
    await rm(join(root, "m", "model.json"));
    t.deepEqual(await sample(dying.client, request(20)), expected);
    t.is(lost, lives.length);
  });
});

test("reloads that are asked for at once, and while the server stops", async (t) => {
  await withFolder(async (root) => {
    await writeVersion(root, "gaussian-mixture-vp");
    const { server } = await serve(t, root);
    const first = server.reload();
    const two = await writeVersion(root, "gaussian-mixture-subvp");
    // Whatever the first one had read by then, those that come after the files do see them.
    const [, ...later] = await Promise.all([first, server.reload(), server.reload()]);
    for (const { changes } of later) t.is(changes[0]?.version, two);

    await writeVersion(root, "gaussian-mixture-ve");
    const running = server.reload().then(
      () => "done",
      (error: { code?: string }) => error.code,
    );
    await server.close();
    t.true(["done", "shutting-down"].includes((await running) ?? ""));
    await t.throwsAsync(server.reload(), { message: /shutting down/ });
  });
});

test("the operator's calls are not for web pages, and say what there is", async (t) => {
  await withFolder(async (root) => {
    await writeVersion(root, "gaussian-mixture-vp");
    const served = await serve(t, root);
    const page = { origin: "http://example.org" };
    t.is((await admin(served, "POST", "/v1/models/reload", page)).status, 403);
    const { status, body } = await admin(served, "POST", "/");
    t.is(status, 404);
    const calls = ["GET /v1/devices", "GET /v1/models", "POST /v1/models/reload"];
    t.deepEqual(Object.keys(body.endpoints ?? {}), calls);
    const elsewhere = await fetch(`http://127.0.0.1:${served.server.httpPort}/v1/models/reload`, {
      method: "POST",
    });
    t.is(elsewhere.status, 404);
  });
});
