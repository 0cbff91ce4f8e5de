import test from "ava";
import type { GraphSource } from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import { dyingWorkers } from "../testing/dying-workers.ts";
import { startEngine } from "../testing/start-engine.ts";
import { Workers } from "./workers.ts";

const SOURCE: GraphSource = {
  ...{ key: "none", path: "none.onnx", inputName: "x", timeName: "t", outputName: "y" },
  ...{
    timeType: "float32",
    outputChannels: 1,
    channels: 1,
    height: 1,
    width: 1,
    intraOpThreads: 1,
  },
};
const BATCH = { kind: "batch", graph: "score", source: SOURCE, rows: [] } as const;
const NETWORK = { path: "", input: "", output: "" };
const hangs = { death: "wait", stage: "prepared", batch: 0 } as const;

/** Workers that wait for ever at whatever they are asked. */
function hanging(workers: number, watchdogMs: number): Workers {
  const lives = Array.from({ length: workers }, () => hangs);
  const slab = new SharedArrayBuffer(0);
  return new Workers({ slab, threads: 1, ...dyingWorkers({ lives, watchdogMs }) });
}

test("a batch hangs after the watchdog's time and 20 times its own; other tasks may take longer", async (t) => {
  const workers = hanging(4, 20);
  t.teardown(() => workers.close());
  const bound = async (task: Promise<unknown>): Promise<string | undefined> => {
    const error = await t.throwsAsync(task, { instanceOf: ServerError });
    return /longer than (.*) s$/.exec(error.message)?.[1];
  };
  t.is(await bound(workers.batch(BATCH, 0.5)), "0.02");
  t.is(await bound(workers.batch(BATCH, 3)), "0.06");
  const profile = { kind: "profile", source: SOURCE, batchSizes: [1], enoughMs: 1 } as const;
  t.is(await bound(workers.profile(profile)), "0.2");
  const derivation = { graph: "jvp", score: NETWORK } as const;
  t.is(await bound(workers.derive({ kind: "derive", derivation, cache: "" })), "0.6");
});

test("closing ends a worker that hangs, and takes no more tasks", async (t) => {
  const workers = hanging(1, 60_000);
  const running = workers.derive({
    kind: "derive",
    derivation: { graph: "jvp", score: NETWORK },
    cache: "",
  });
  const lost = t.throwsAsync(running, { instanceOf: ServerError, message: /shutting down/ });
  await workers.close();
  await lost;
  await t.throwsAsync(workers.batch(BATCH), { message: /shutting down/ });
});

test("closing ends a thread that is inside an evaluation as it comes out, and with it no process", async (t) => {
  const started = await startEngine({ models: ["gaussian-mixture-vp"] });
  const model = started.context.repository.models.get("gaussian-mixture-vp");
  const source = model?.graphs.get("score");
  if (source === undefined) return t.fail();
  // Far more evaluations than are done before it is to end.
  const batchSizes = Array.from({ length: 10_000 }, (_, i) => i + 1);
  const profile = { kind: "profile", source, batchSizes, enoughMs: 1e9 } as const;
  const lost = t.throwsAsync(started.workers.profile(profile), { message: /shutting down/ });
  await started.workers.close();
  await lost;
  t.false(started.workers.stuck);
});
