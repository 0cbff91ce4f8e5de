import test from "ava";
import { SampleRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { openRepository } from "../models/repository.ts";
import { checkSample } from "../requests/sample.ts";
import { Tenants } from "../tenants/tenants.ts";
import { heldMemory } from "../testing/memory.ts";
import { ScriptedWorkers } from "../testing/scripted-workers.ts";
import { MODELS } from "../testing/start-engine.ts";
import { Engine } from "./engine.ts";
import { Fleet } from "./fleet.ts";
import { Slab } from "./slab.ts";

const MODEL = "gaussian-mixture-vp";
const JOBS = 400;

/** A job holds 5,400; with a list of all that it found, of JOBS / 2 groups on average, 33,000. */
const MOST_BYTES_A_JOB = 15_000;

test("a job that waits does not hold the list of all that it found", async (t) => {
  const found = await openRepository(MODELS, { intraOpThreads: 1 });
  const model = found.models.get(MODEL);
  if (model === undefined) throw new Error(`no model ${MODEL}`);
  const engine = new Engine({
    slab: new Slab(1024 * 1024),
    fleet: new Fleet([new ScriptedWorkers((places) => places)]),
    limits: { maxRows: 10_000, maxActiveRows: 1 },
    ...{ retentionMs: 0, maxBatchRows: 8, maxStepMs: 1000 },
  });
  await engine.open(model);
  const context = {
    repository: { ...found, models: new Map([[MODEL, model]]) },
    limits: { maxCount: 100, maxRows: 1000, maxSteps: 1000 },
    uploads: { find: () => undefined },
    tenants: new Tenants(),
  };
  // Each has a group of its own, since it has a deadline.
  const options = { deadline: { seconds: 1_000_000n } };
  const spec = await checkSample(SampleRequest.fromPartial({ model: MODEL, options }), context);
  engine.submit(spec);
  const before = await heldMemory();
  for (let job = 0; job < JOBS; job++) engine.submit(spec);
  const bytes = ((await heldMemory()).heap - before.heap) * 2 ** 20;
  t.log(`${(bytes / JOBS).toFixed(0)} bytes a job`);
  t.true(bytes / JOBS < MOST_BYTES_A_JOB, `${bytes / JOBS} bytes a job`);
  await engine.drain(0);
});
