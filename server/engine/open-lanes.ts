import type { GraphName, GraphSource } from "../../worker/protocol.ts";
import type { Model } from "../models/repository.ts";
import type { RowScheduler } from "./batches.ts";
import type { CostBounds } from "./cost-model.ts";
import { type Lane, laneOf } from "./lane.ts";
import { type Bench, measureLanes } from "./measure-lanes.ts";
import type { EngineWorkers } from "./workers.ts";

/** The lanes of the models that are served, those of a version that ends its last jobs included. */
export class OpenLanes {
  readonly #workers: EngineWorkers;
  readonly #scheduler: RowScheduler;
  readonly #bounds: CostBounds;
  readonly #lanes = new Map<string, Lane>();

  constructor(workers: EngineWorkers, scheduler: RowScheduler, bounds: CostBounds) {
    this.#workers = workers;
    this.#scheduler = scheduler;
    this.#bounds = bounds;
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

  /** The largest batch of a model's lane. */
  limitOf(model: Model, graph: GraphName): number {
    return this.#scheduler.limit(laneOf(model, graph));
  }

  /**
   * Warms up every graph of a model, measures its step times and opens its lane.
   *
   * @param bench where they are measured; default the workers that serve
   * @throws ServerError where one does not run
   */
  async open(model: Model, bench: Bench = this.#workers): Promise<void> {
    const sources = [...model.graphs.values()];
    let measured: Awaited<ReturnType<typeof measureLanes>>;
    try {
      measured = await measureLanes(model, bench, this.#bounds);
      if (bench !== this.#workers) await this.#workers.warm(sources);
    } catch (error) {
      await this.#free(sources);
      throw error;
    }
    for (const [name, lane] of measured) {
      const { limit, stepMs } = lane.cost.turns;
      this.#lanes.set(name, lane);
      this.#scheduler.open(name, { limit, stepMs });
    }
  }

  /** Closes a model's lanes, which must have no rows, and frees its sessions in the workers. */
  async close(model: Model): Promise<void> {
    for (const graph of model.graphs.keys()) {
      const name = laneOf(model, graph);
      this.#lanes.delete(name);
      this.#scheduler.close(name);
    }
    await this.#free([...model.graphs.values()]);
  }

  /** Keeps a lane's costs current, and with them the size of its batches. */
  measured(name: string, places: number, stepMs: number, turnMs: number): void {
    const { cost } = this.get(name);
    if (cost.observe(places, stepMs, turnMs)) this.#scheduler.setLimit(name, cost.limit);
  }

  /** Frees the workers' sessions of graphs, but of those that an open lane has too: models and versions may share a file. */
  async #free(sources: readonly GraphSource[]): Promise<void> {
    const keys = new Set(sources.map(({ key }) => key));
    for (const { source } of this.#lanes.values()) keys.delete(source.key);
    await this.#workers.release([...keys]);
  }
}
