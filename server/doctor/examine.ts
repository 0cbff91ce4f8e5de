import type { Execution, Provider } from "../../worker/protocol.ts";
import { deviceIdOf } from "../devices/device-spec.ts";
import { tryProvider } from "../devices/open-fleet.ts";
import { missingFor } from "../devices/provider-needs.ts";
import { graphOf } from "../models/model.ts";
import { readModels } from "../models/repository.ts";
import type { Diagnosis, ProviderFinding, Throughput } from "./diagnosis.ts";
import { machineFacts } from "./machine-facts.ts";
import { type MeasureOptions, measureThroughput } from "./measure-throughput.ts";

export interface ExamineOptions extends MeasureOptions {
  /** Folder of models. */
  readonly models: string;
  /** The one model to measure; "": all. */
  readonly model: string;
  readonly providers: readonly Provider[];
  /** Which of several GPUs, for the providers that number them. */
  readonly deviceId: number;
  /** Threads of one operator on the CPU; 0: as many as there are cores. */
  readonly threads: number;
  /** Told what is about to be measured. */
  readonly onMeasure?: (what: string) => void;
}

/** Looks at this machine, tries each provider, and measures each model on those that work. */
export async function examine(options: ExamineOptions): Promise<Diagnosis> {
  const { models: folder, model: only, threads, seconds, onMeasure } = options;
  const providers: ProviderFinding[] = [];
  for (const provider of options.providers) {
    const reason = await tryProvider(executionOn(provider, options));
    const failed = reason === undefined ? {} : { reason };
    const missing = missingFor(provider);
    providers.push({ provider, works: reason === undefined, ...failed, missing });
  }
  const found = await readModels(folder, { intraOpThreads: threads });
  const problems = [...found.problems];
  if (only !== "" && !found.models.has(only)) {
    const known = [...found.models.keys()].join(", ") || "none";
    problems.push({ model: only, message: `seen ${only}, expected one of ${known}` });
  }
  const throughput: Throughput[] = [];
  for (const model of found.models.values()) {
    if (seconds === 0 || (only !== "" && model.name !== only)) continue;
    for (const { provider, works } of providers) {
      if (!works) continue;
      onMeasure?.(`${model.name} on ${provider}`);
      const execution = executionOn(provider, options);
      const source = graphOf(model, "score");
      throughput.push(await measureThroughput(model.name, source, execution, options));
    }
  }
  return { machine: machineFacts(), providers, models: { folder, problems }, throughput };
}

function executionOn(provider: Provider, { deviceId }: ExamineOptions): Execution {
  const number = deviceIdOf({ deviceId }, provider);
  return number === undefined ? { provider } : { provider, deviceId: number };
}
