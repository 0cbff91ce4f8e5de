import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Engine } from "../engine/engine.ts";
import { apart, type Benches, type Fleet } from "../engine/fleet.ts";
import type { Workers } from "../engine/workers.ts";
import { withDerivedGraphs } from "./derived-graphs.ts";
import type { Model } from "./model.ts";
import { readModels } from "./repository.ts";
import type { ModelHost } from "./served-models.ts";

/** What models run on. */
export interface ModelPlace {
  readonly engine: Engine;
  readonly fleet: Fleet<Workers>;
  /** The folder of derived graphs, and of copies of what is served. */
  readonly cache: string;
}

/** Reads models from the configured folder and opens them in an engine. */
export function modelHost(
  config: Pick<Config, "models" | "threads" | "rewriteNetworks">,
  { engine, fleet, cache }: ModelPlace,
  log: Logger,
): ModelHost {
  const onlyCpus = fleet.devices.every(({ provider }) => provider === "cpu");
  const open = async (bare: Model, benches: Benches): Promise<Model> => {
    // Derivation runs on the CPU whatever the bench is on.
    const [bench = fleet] = benches.values();
    const model = await withDerivedGraphs(bare, (task) => bench.derive(task), {
      cache,
      rewrite: config.rewriteNetworks === "on" && onlyCpus,
      onUnrewritten: (graph, reason) =>
        log.warn({ model: bare.name, graph, reason }, "a graph is not rewritten for the CPU"),
    });
    for (const [graph, reason] of model.missingGraphs) {
      log.warn({ model: model.name, graph, reason }, "a graph could not be derived");
    }
    await engine.open(model, benches);
    const graphs = [...model.graphs.keys()];
    const maxBatchRows = graphs.map((graph) => engine.batchLimitOf(model, graph));
    // What a row takes in a run beside weights, by the graph.
    const rowMib = graphs.map((graph) =>
      Number((engine.placeBytesOf(model, graph) / 2 ** 20).toFixed(1)),
    );
    const { name, version } = model;
    log.info({ model: name, version, graphs, maxBatchRows, rowMib }, "model opened");
    return model;
  };
  return {
    read: () =>
      readModels(config.models, {
        intraOpThreads: config.threads,
        cache,
        onUnkept: (error) =>
          log.warn(
            { err: error, cache },
            "no copy can be kept: leave the models' files as they are",
          ),
      }),
    open: (bare, serving) =>
      serving ? apart(fleet, (benches) => open(bare, benches)) : open(bare, fleet.serving),
    close: async (model) => {
      await engine.close(model);
      log.info({ model: model.name, version: model.version }, "model closed");
    },
  };
}
