import test from "ava";
import type { GraphSource, ProfileAnswer } from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { ScriptedWorkers } from "../testing/scripted-workers.ts";
import { Fleet } from "./fleet.ts";
import { OpenLanes } from "./open-lanes.ts";
import type { Row } from "./row.ts";
import { Scheduler } from "./scheduler.ts";

const SOURCE = { key: "score", path: "score.onnx" } as GraphSource;
const model = { name: "m", id: "1", graphs: new Map([["score", SOURCE]]) } as unknown as Model;
const LANE = "m@1/score";

/** A device whose steps take 1 ms and 1 ms a place, or that can't run anything. */
class Device extends ScriptedWorkers {
  override readonly kind: string;
  override readonly threads: number;
  override readonly batchSizes: readonly number[];
  readonly #fails: boolean;

  constructor({ kind = "gpu", threads = 1, batchSizes = [] as readonly number[], fails = false }) {
    super(
      (places) => 1 + places,
      () => {},
    );
    this.kind = kind;
    this.threads = threads;
    this.batchSizes = batchSizes;
    this.#fails = fails;
  }

  override async profile(task: Parameters<ScriptedWorkers["profile"]>[0]): Promise<ProfileAnswer> {
    if (this.#fails) throw new ServerError("internal", "no kernel for it");
    return await super.profile(task);
  }
}

function open(devices: readonly Device[], missing: string[] = []) {
  const scheduler = new Scheduler<Row>();
  const lanes = new OpenLanes({
    fleet: new Fleet(devices),
    scheduler,
    bounds: { maxPlaces: 16, maxStepMs: 1000 },
    onMissing: (_, lane, { message }) => missing.push(`${lane}: ${message}`),
  });
  return { lanes, scheduler, opened: lanes.open(model) };
}

test("every worker of a device runs each size before the lane opens; one that measured alone needs not", async (t) => {
  const two = new Device({ threads: 2, batchSizes: [1, 4, 16, 64] });
  const one = new Device({ kind: "cpu" });
  await open([two, one]).opened;
  t.deepEqual(two.warmed, [{ key: "score", batchSizes: [1, 4, 16] }]);
  t.deepEqual(one.warmed, []);
});

test("the first kind in service leads, others help, and rows that run alone keep to the first kind", async (t) => {
  const [a, b, c] = [new Device({}), new Device({}), new Device({ kind: "cpu" })];
  const { lanes, opened } = open([a, b, c]);
  await opened;
  const shares = (): unknown[] => [a, b, c].map((device) => lanes.shareOf(device, LANE));
  const leads = { limit: 16, helps: false, alone: true };
  t.deepEqual(shares(), [leads, leads, { limit: 16, helps: true, alone: false }]);
  a.turn(true);
  t.deepEqual(shares().slice(1), [leads, { limit: 16, helps: true, alone: false }]);
  t.is(lanes.outForAlone(LANE), undefined);
  b.turn(true);
  t.deepEqual(lanes.shareOf(c, LANE), { limit: 16, helps: false, alone: false });
  t.is(lanes.outForAlone(LANE), a.out);
  // Predictions count those that are in service.
  t.is(lanes.get(LANE).cost.turns.limit, 16);
  b.turn(false);
  t.is(lanes.get(LANE).cost.turns.limit, 32);
});

test("a device that can't run a graph leaves it to the others; where none can, it is not served", async (t) => {
  const missing: string[] = [];
  const [broken, works] = [new Device({ fails: true }), new Device({ kind: "cpu" })];
  const { lanes, opened } = open([broken, works], missing);
  await opened;
  t.deepEqual(missing, [`${LANE}: no kernel for it`]);
  t.is(lanes.shareOf(broken, LANE), undefined);
  t.deepEqual(lanes.shareOf(works, LANE), { limit: 16, helps: false, alone: true });
  await t.throwsAsync(open([broken]).opened, { message: "no kernel for it" });
});
