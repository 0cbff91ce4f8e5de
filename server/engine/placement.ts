import { BATCH_SHARE, PRIORITIES, type Priority } from "./device-schedule.ts";
import type { StepCost } from "./forming-batch.ts";
import { Heap, type HeapItem } from "./heap.ts";

/** What a row that needs a device asks of it. */
export interface Work {
  /** A graph of a model: its name on every device that has it. */
  readonly lane: string;
  readonly priority: Priority;
  /** Places in a batch. */
  readonly places: number;
  /** Evaluations that the row still needs, expected. */
  readonly evaluations: number;
}

/** Where a row is; the caller keeps it to tell how far the row is and when it has gone. */
export interface Home<Row> {
  readonly row: Row;
  readonly device: string;
  readonly priority: Priority;
  /** Device time of one of its evaluations in a full batch, in ms. */
  readonly evaluationMs: number;
  /** Device time that it still needs, in ms. */
  workMs: number;
}

/** A device among those that have a lane, as one class sees it: ordered by the time that others keep it busy. */
interface Candidate<Row> extends HeapItem {
  readonly device: Device<Row>;
}

interface Device<Row> {
  readonly name: string;
  readonly lanes: ReadonlyMap<string, StepCost>;
  readonly homes: Set<Home<Row>>;
  readonly workMs: Record<Priority, number>;
  readonly candidates: { readonly lane: string; readonly of: Record<Priority, Candidate<Row>> }[];
}

type Candidates<Row> = Readonly<Record<Priority, Heap<Candidate<Row>>>>;

/**
 * Decides which device of a fleet a row runs on: of those that have its lane, the one that would get to it first. That is the
 * one with the least predicted device time to do; what is there of the other class counts as the scheduler counts it: of
 * batch work interactive rows wait for its share, and batch work waits for all. Rows of one job are placed one by one, so a
 * large job spreads over the fleet.
 *
 * A row stays where it is placed, since its registers are there and its deadline was promised for that device, until it ends
 * or the device closes. Which rows of a device run next is the Scheduler's business.
 *
 * Pure. `update` and `remove` cost O(1). `place` costs O(log devices) for each lane of each device that has changed since.
 */
export class Placement<Row> {
  readonly #devices = new Map<string, Device<Row>>();
  readonly #lanes = new Map<string, Candidates<Row>>();
  /** Devices whose work has changed since a row was last placed: many rows of a batch cost one change of the order. */
  readonly #changed = new Set<Device<Row>>();
  #opened = 0;

  /** A device has come. @throws RangeError where it is open */
  open(name: string, lanes: ReadonlyMap<string, StepCost>): void {
    if (this.#devices.has(name)) throw new RangeError(`device ${name} is open already`);
    const workMs = { interactive: 0, batch: 0 };
    const device: Device<Row> = { name, lanes, homes: new Set(), workMs, candidates: [] };
    this.#devices.set(name, device);
    const order = this.#opened++;
    for (const lane of lanes.keys()) {
      const candidate = (): Candidate<Row> => ({ device, key: 0, order, place: -1 });
      const of = { interactive: candidate(), batch: candidate() };
      device.candidates.push({ lane, of });
      const heaps = this.#heaps(lane);
      for (const priority of PRIORITIES) heaps[priority].add(of[priority]);
    }
  }

  /** A device has gone. @returns the rows that were there, which need another */
  close(name: string): Row[] {
    const device = this.#device(name);
    this.#devices.delete(name);
    this.#changed.delete(device);
    for (const { lane, of } of device.candidates) {
      const heaps = this.#heaps(lane);
      for (const priority of PRIORITIES) heaps[priority].remove(of[priority]);
    }
    const rows = [...device.homes].map(({ row }) => row);
    device.homes.clear();
    return rows;
  }

  /** Finds a row its device. @returns undefined where no open device has the lane */
  place(row: Row, { lane, priority, places, evaluations }: Work): Home<Row> | undefined {
    for (const device of this.#changed) this.#order(device);
    this.#changed.clear();
    const device = this.#lanes.get(lane)?.[priority].first?.device;
    const cost = device?.lanes.get(lane);
    if (device === undefined || cost === undefined) return undefined;
    const evaluationMs = (places * cost.stepMs(cost.limit)) / cost.limit;
    const home = { row, device: device.name, priority, evaluationMs, workMs: 0 };
    device.homes.add(home);
    this.#change(device, home, evaluations * evaluationMs);
    return home;
  }

  /** A row needs so many evaluations from now on; nothing where its device has closed. */
  update(home: Home<Row>, evaluations: number): void {
    const device = this.#devices.get(home.device);
    if (device?.homes.has(home)) this.#change(device, home, evaluations * home.evaluationMs);
  }

  /** A row has ended or has been cancelled; nothing where its device has closed. */
  remove(home: Home<Row>): void {
    const device = this.#devices.get(home.device);
    if (!device?.homes.delete(home)) return;
    this.#change(device, home, 0);
  }

  /** The rows of a device. @throws RangeError where it is not open */
  *rowsOn(name: string): Generator<Row, void, undefined> {
    for (const { row } of this.#device(name).homes) yield row;
  }

  /** Device time that a device's rows still need, in ms. @throws RangeError where it is not open */
  workMs(name: string): number {
    const { interactive, batch } = this.#device(name).workMs;
    return interactive + batch;
  }

  #change(device: Device<Row>, home: Home<Row>, workMs: number): void {
    const { workMs: all, homes } = device;
    all[home.priority] += workMs - home.workMs;
    home.workMs = workMs;
    // So that rounding errors of many rows do not add up.
    if (homes.size === 0) for (const priority of PRIORITIES) all[priority] = 0;
    this.#changed.add(device);
  }

  /** Puts a device where its work belongs. */
  #order({ workMs, candidates }: Device<Row>): void {
    const keys = {
      interactive: workMs.interactive + BATCH_SHARE * workMs.batch,
      batch: workMs.interactive + workMs.batch,
    };
    for (const { lane, of } of candidates) {
      const heaps = this.#heaps(lane);
      for (const priority of PRIORITIES) {
        of[priority].key = keys[priority];
        heaps[priority].update(of[priority]);
      }
    }
  }

  #heaps(lane: string): Candidates<Row> {
    let heaps = this.#lanes.get(lane);
    if (heaps === undefined) {
      heaps = { interactive: new Heap(), batch: new Heap() };
      this.#lanes.set(lane, heaps);
    }
    return heaps;
  }

  #device(name: string): Device<Row> {
    const device = this.#devices.get(name);
    if (device === undefined) throw new RangeError(`no device ${name}`);
    return device;
  }
}
