import type { GraphName, GraphSource } from "../../worker/protocol.ts";
import { asServerError, ServerError } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { AdaptiveEvaluations } from "./adaptive-evaluations.ts";
import type { RowScheduler } from "./batches.ts";
import type { CostBounds } from "./cost-model.ts";
import type { Benches, Fleet } from "./fleet.ts";
import { fleetCost } from "./fleet-cost.ts";
import { type Lane, type LaneOnDevice, laneOf } from "./lane.ts";
import { measureLane, sizesUpTo } from "./measure-lanes.ts";
import type { EngineWorkers } from "./workers.ts";

export interface OpenLanesOptions {
  readonly fleet: Fleet;
  readonly scheduler: RowScheduler;
  readonly bounds: CostBounds;
  /** A device can't run a graph that another one runs. */
  readonly onMissing?:
    | ((device: EngineWorkers, lane: string, error: ServerError) => void)
    | undefined;
  /** How a device is to run a graph. */
  readonly onMeasured?:
    | ((device: EngineWorkers, lane: string, how: LaneOnDevice) => void)
    | undefined;
}

/** What a device takes of a lane. */
export interface LaneShare {
  /** Places of its largest batch. */
  readonly limit: number;
  /** Others are better at it: it takes no batch that would become fuller by waiting, and none that has failed. */
  readonly helps: boolean;
  /** It takes rows that run alone. */
  readonly alone: boolean;
}

/** The lanes of the models that are served, those of a version that ends its last jobs included. */
export class OpenLanes {
  readonly #options: OpenLanesOptions;
  readonly #lanes = new Map<string, Lane>();

  constructor(options: OpenLanesOptions) {
    this.#options = options;
  }

  /** By name. */
  get all(): ReadonlyMap<string, Lane> {
    return this.#lanes;
  }

  /** @throws RangeError where no lane of that name is open */
  get(name: string): Lane {
    const lane = this.#lanes.get(name);
    if (lane === undefined) throw new RangeError(`no lane ${name} is open`);
    return lane;
  }

  /** What one row takes in a run of a model's lane at once, beside weights, in bytes; 0 where that is not known. */
  placeBytesOf(model: Model, graph: GraphName): number {
    const { devices } = this.get(laneOf(model, graph));
    return Math.max(...[...devices.values()].map(({ placeBytes }) => placeBytes));
  }

  /** The largest batch of a model's lane. */
  limitOf(model: Model, graph: GraphName): number {
    return this.#options.scheduler.limit(laneOf(model, graph));
  }

  /**
   * How a device takes part in a lane: undefined where it does not run it. Of those in service the first, and all that are like
   * it, take what there is; the others help out with batches that are full, since a slower one would keep rows from a device
   * that is free in a moment. Rows that run alone, and whose bits are those of one kind of device, are only for the first
   * one's kind, in service or not.
   */
  shareOf(device: EngineWorkers, name: string): LaneShare | undefined {
    const { devices } = this.get(name);
    const here = devices.get(device);
    if (here === undefined) return undefined;
    const all = [...devices.keys()];
    const helps = all.find(({ out }) => out === undefined)?.kind !== device.kind;
    return { limit: here.cost.limit, helps, alone: all[0]?.kind === device.kind };
  }

  /** Why rows that run alone can't be evaluated; undefined where they can. */
  outForAlone(name: string): ServerError | undefined {
    const devices = [...(this.#lanes.get(name)?.devices.keys() ?? [])];
    const alike = devices.filter(({ kind }) => kind === devices[0]?.kind);
    return alike.some(({ out }) => out === undefined) ? undefined : alike[0]?.out;
  }

  /**
   * Warms up every graph of a model on every device, measures its step times and opens its lane.
   *
   * @param benches where they are measured; default the workers that serve
   * @throws ServerError where one runs on no device
   */
  async open(model: Model, benches: Benches = this.#options.fleet.serving): Promise<void> {
    const measured: (readonly [name: string, lane: Lane])[] = [];
    try {
      for (const [graph, source] of model.graphs) {
        const name = laneOf(model, graph);
        const devices = await this.#measure(name, source, benches).catch((error: unknown) => {
          throw named(asServerError(error), model, graph);
        });
        measured.push([name, this.#lane(graph, devices)]);
      }
    } catch (error) {
      await this.#free([...model.graphs.values()]);
      throw error;
    }
    for (const [name, lane] of measured) {
      const [first] = lane.devices.values();
      if (first === undefined) continue;
      const { limit, stepMs } = first.cost.turns;
      this.#lanes.set(name, lane);
      this.#options.scheduler.open(name, { limit, stepMs });
    }
  }

  /** Closes a model's lanes, which must have no rows, and frees its sessions in the workers. */
  async close(model: Model): Promise<void> {
    for (const graph of model.graphs.keys()) {
      const name = laneOf(model, graph);
      this.#lanes.delete(name);
      this.#options.scheduler.close(name);
    }
    await this.#free([...model.graphs.values()]);
  }

  /** Keeps a lane's costs on a device current, and with them the size of its batches. */
  measured(
    name: string,
    device: EngineWorkers,
    places: number,
    stepMs: number,
    turnMs: number,
  ): void {
    const { devices } = this.get(name);
    const cost = devices.get(device)?.cost;
    if (!cost?.observe(places, stepMs, turnMs)) return;
    const [first] = devices.keys();
    if (first === device) this.#options.scheduler.setLimit(name, cost.limit);
  }

  #lane(graph: GraphName, devices: ReadonlyMap<EngineWorkers, LaneOnDevice>): Lane {
    return {
      graph,
      devices,
      get cost() {
        const inService = [...devices].filter(([device]) => device.out === undefined);
        const counted = inService.length > 0 ? inService : [...devices];
        return { turns: fleetCost(counted.map(([, { cost }]) => cost.turns)) };
      },
      adaptive: new AdaptiveEvaluations(),
    };
  }

  /** @throws ServerError where the graph runs on no device */
  async #measure(
    name: string,
    source: GraphSource,
    benches: Benches,
  ): Promise<ReadonlyMap<EngineWorkers, LaneOnDevice>> {
    const { bounds } = this.#options;
    const devices = new Map<EngineWorkers, LaneOnDevice>();
    const failures: [device: EngineWorkers, error: ServerError][] = [];
    for (const [device, bench] of benches) {
      try {
        const { batchSizes } = device;
        const lane = await measureLane(source, bench, bounds, batchSizes);
        const sizes = batchSizes.length === 0 ? [1] : sizesUpTo(lane.cost.limit, batchSizes);
        // What was measured in a worker of this device is warm there, but not in its others.
        if (bench !== device || device.threads > 1) await device.warm(lane.source, sizes);
        devices.set(device, lane);
        this.#options.onMeasured?.(device, name, lane);
      } catch (error) {
        failures.push([device, asServerError(error)]);
      }
    }
    const [[, failure] = []] = failures;
    if (devices.size === 0 && failure !== undefined) throw failure;
    for (const [device, error] of failures) this.#options.onMissing?.(device, name, error);
    return devices;
  }

  /** Frees the workers' sessions of graphs, but of those that an open lane has too: models and versions may share a file. */
  async #free(sources: readonly GraphSource[]): Promise<void> {
    const keys = new Set(sources.map(({ key }) => key));
    for (const { devices } of this.#lanes.values()) {
      for (const { source } of devices.values()) keys.delete(source.key);
    }
    await this.#options.fleet.release([...keys]);
  }
}

/** What is said of a network that is too large names it: the setting is for all of them. */
function named(error: ServerError, { name }: Model, graph: GraphName): ServerError {
  if (error.code !== "too-large") return error;
  return new ServerError("too-large", `graph ${graph} of model ${name}: ${error.message}`);
}
