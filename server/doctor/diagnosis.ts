import type { Provider } from "../../worker/protocol.ts";
import type { ModelProblem } from "../models/repository.ts";

/** What this machine is. */
export interface MachineFacts {
  readonly versions: Readonly<
    Record<"scorestream" | "node" | "onnxruntime-node" | "kernel", string>
  >;
  readonly platform: string;
  readonly cpu: {
    readonly model: string;
    /** That this process may use. */
    readonly threads: number;
    /** Instruction sets that ONNX Runtime has kernels for. */
    readonly features: readonly string[];
  };
  readonly memoryGib: number;
  /** Of NVIDIA's kernel module; undefined where there is none. */
  readonly nvidiaDriver?: string;
  /** Files that describe Vulkan drivers. */
  readonly vulkanDrivers: readonly string[];
}

/** Whether a provider works here. */
export interface ProviderFinding {
  /** Of the file of devices: its name, or its place there, from 1. */
  readonly device?: string;
  readonly provider: Provider;
  readonly works: boolean;
  /** Why it does not. */
  readonly reason?: string;
  /** What it needs and this machine does not have, with what would bring it, as far as that can be seen. */
  readonly missing: readonly string[];
}

/** How fast a model is on a provider. */
export interface Throughput {
  readonly model: string;
  /** As of the provider. */
  readonly device?: string;
  readonly provider: Provider;
  /** Rows of a batch, and evaluations a second: rows over the fastest of the steps that were timed. */
  readonly sizes: readonly { readonly rows: number; readonly evaluationsPerSecond: number }[];
  /** With the most evaluations a second. */
  readonly bestRows?: number;
  /** Why the model does not run there. */
  readonly problem?: string;
}

/** All that the doctor finds. */
export interface Diagnosis {
  readonly machine: MachineFacts;
  readonly providers: readonly ProviderFinding[];
  readonly models: { readonly folder: string; readonly problems: readonly ModelProblem[] };
  readonly throughput: readonly Throughput[];
}

/** Whether a server would serve all the models on some of the providers. */
export function isWell({ providers, models, throughput }: Diagnosis): boolean {
  const runs = throughput.every(({ problem }) => problem === undefined);
  return providers.some(({ works }) => works) && models.problems.length === 0 && runs;
}
