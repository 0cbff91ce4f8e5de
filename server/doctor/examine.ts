import type { Execution } from "../../worker/protocol.ts";
import { executionOf } from "../devices/choose-provider.ts";
import type { DeviceSpec } from "../devices/device-spec.ts";
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
  /** Each is tried with each of its providers. */
  readonly devices: readonly DeviceSpec[];
  /** They are those of a server's file: what is found tells them apart. */
  readonly named: boolean;
  /** Threads of one operator on the CPU; 0: as many as there are cores. */
  readonly threads: number;
  /** Told what is about to be measured. */
  readonly onMeasure?: (what: string) => void;
}

/** Looks at this machine, tries each provider, and measures each model on those that work. */
export async function examine(options: ExamineOptions): Promise<Diagnosis> {
  const { models: folder, model: only, threads, seconds, onMeasure } = options;
  const providers: ProviderFinding[] = [];
  const working: Target[] = [];
  for (const target of targetsOf(options)) {
    const { execution, device } = target;
    const { provider } = execution;
    const reason = await tryProvider(execution);
    if (reason === undefined) working.push(target);
    const failed = reason === undefined ? {} : { reason };
    const missing = missingFor(provider);
    providers.push({ ...device, provider, works: reason === undefined, ...failed, missing });
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
    for (const { execution, device } of working) {
      onMeasure?.(`${model.name} on ${[...Object.values(device), execution.provider].join(", ")}`);
      const source = graphOf(model, "score");
      const measured = await measureThroughput(model.name, source, execution, options);
      throughput.push({ ...measured, ...device });
    }
  }
  return { machine: machineFacts(), providers, models: { folder, problems }, throughput };
}

/** A provider of a device. */
interface Target {
  readonly device: { readonly device?: string };
  readonly execution: Execution;
}

function targetsOf({ devices, named }: ExamineOptions): readonly Target[] {
  return devices.flatMap((spec, i) => {
    const device = named ? { device: spec.name ?? `device ${i + 1}` } : {};
    return spec.providers.map((one) => ({ device, execution: executionOf(spec, one) }));
  });
}
