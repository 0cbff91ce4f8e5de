/**
 * What taking on a job costs the server's thread when so many others have not ended: the engine's own part, from the checked
 * request to `accepted`. 8 tenants in both classes, four numbers of steps; in the second series one in a hundred of the others has a
 * deadline. Sizes take turns, and the medians of all turns are compared: `ratio` is that of 10,000 jobs over that of 100.
 *
 *   npm run bench:submit
 */
import {
  JobOptions_Priority as Priority,
  SampleRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import { Engine } from "../server/engine/engine.ts";
import { Fleet } from "../server/engine/fleet.ts";
import { Slab } from "../server/engine/slab.ts";
import { openRepository } from "../server/models/repository.ts";
import type { RequestContext } from "../server/requests/context.ts";
import { checkSample } from "../server/requests/sample.ts";
import { Tenants } from "../server/tenants/tenants.ts";
import { ScriptedWorkers } from "../server/testing/scripted-workers.ts";
import { MODELS } from "../server/testing/start-engine.ts";
import { machine, median } from "./machine.ts";

const MODEL = "gaussian-mixture-vp";
const SIZES = [100, 1000, 10_000];
const TENANTS = 8;
const STEPS = [10, 20, 50, 100];
/** Jobs that are taken on and cancelled at each size. */
const ROUNDS = 60;
/** Far enough that all are promised. */
const DEADLINE_S = 1_000_000n;

interface Loaded {
  readonly jobs: number;
  submit(i: number, due: boolean): Promise<{ ms: number; cancel(): void }>;
}

async function load(jobs: number, everyDue: number): Promise<Loaded> {
  const found = await openRepository(MODELS, { intraOpThreads: 1 });
  const model = found.models.get(MODEL);
  if (model === undefined) throw new Error(`no model ${MODEL}`);
  const workers = new ScriptedWorkers((places) => 5 + places);
  const engine = new Engine({
    slab: new Slab(64 * 1024 * 1024),
    fleet: new Fleet([workers]),
    limits: { maxRows: 1_000_000, maxActiveRows: 1024 },
    retentionMs: 0,
    maxBatchRows: 64,
    maxStepMs: 10_000,
  });
  await engine.open(model);
  const context: RequestContext = {
    repository: { ...found, models: new Map([[MODEL, model]]) },
    limits: { maxCount: 4096, maxRows: 1_000_000, maxSteps: 10_000 },
    uploads: { find: () => undefined },
    tenants: new Tenants(),
  };
  const submit = async (i: number, due: boolean) => {
    const steps = STEPS[(i >> 2) % STEPS.length] ?? 0;
    const value = { predictor: "euler-maruyama", corrector: "none", steps };
    const request = SampleRequest.fromPartial({
      model: MODEL,
      count: 1 + (i % 4),
      sampler: { method: { $case: "predictorCorrector", value } },
      options: {
        tenant: `tenant ${i % TENANTS}`,
        priority: i % 3 === 0 ? Priority.PRIORITY_BATCH : Priority.PRIORITY_INTERACTIVE,
        ...(due && { deadline: { seconds: DEADLINE_S } }),
      },
    });
    const spec = await checkSample(request, context);
    const startMs = performance.now();
    const job = engine.submit(spec);
    const ms = performance.now() - startMs;
    return { ms, cancel: () => void engine.cancel(job) };
  };
  for (let i = 0; i < jobs; i++) await submit(i, everyDue > 0 && i % everyDue === 0);
  // Some have done steps: those that run differ in what they still need.
  for (let step = 0; step < 200; step++) {
    workers.answer(0, "done");
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { jobs, submit };
}

async function measure(everyDue: number): Promise<{ submitMs: Record<string, number> }> {
  const loaded: Loaded[] = [];
  for (const jobs of SIZES) loaded.push(await load(jobs, everyDue));
  const times = new Map(loaded.map(({ jobs }): [number, number[]] => [jobs, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { jobs, submit } of loaded) {
      const { ms, cancel } = await submit(round, false);
      cancel();
      times.get(jobs)?.push(ms);
    }
  }
  return {
    submitMs: Object.fromEntries([...times].map(([jobs, all]) => [jobs, median(all)])),
  };
}

async function series(name: string, everyDue: number) {
  const { submitMs } = await measure(everyDue);
  const at = (jobs: number | undefined): number => submitMs[jobs ?? 0] ?? 0;
  for (const jobs of SIZES) {
    console.log(`${name}, ${jobs} in flight: ${at(jobs).toFixed(3)} ms a submit`);
  }
  return { submitMs, ratio: at(SIZES.at(-1)) / at(SIZES[0]) };
}

const plain = await series("plain", 0);
const deadlines = await series("one in a hundred with a deadline", 100);
const { ratio } = plain;
console.log(JSON.stringify({ benchmark: "submit", ratio, plain, deadlines, machine: machine() }));
process.exit(0);
