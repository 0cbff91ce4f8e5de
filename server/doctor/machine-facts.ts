import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { vulkanDrivers } from "../devices/provider-needs.ts";
import { VERSION } from "../version.ts";
import type { MachineFacts } from "./diagnosis.ts";

/** Instruction sets of x86 and ARM that ONNX Runtime's CPU provider has kernels for, as Linux calls them. */
const FEATURES = [
  ...["sse4_1", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni"],
  ...["avx512_bf16", "amx_tile", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve"],
];

export function machineFacts(): MachineFacts {
  const [first] = cpus();
  const nvidiaDriver = /Kernel Module\D*([\d.]+)/.exec(text("/proc/driver/nvidia/version"))?.[1];
  return {
    versions: {
      scorestream: VERSION,
      node: process.versions.node,
      "onnxruntime-node": runtimeVersion(),
      kernel: release(),
    },
    platform: `${platform()}/${arch()}`,
    cpu: {
      model: first?.model.trim() ?? "unknown",
      threads: availableParallelism(),
      features: featuresOf(text("/proc/cpuinfo")),
    },
    memoryGib: totalmem() / 2 ** 30,
    ...(nvidiaDriver === undefined ? {} : { nvidiaDriver }),
    vulkanDrivers: vulkanDrivers(),
  };
}

function featuresOf(cpuinfo: string): readonly string[] {
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/) ?? [];
  return FEATURES.filter((feature) => flags.includes(feature));
}

function runtimeVersion(): string {
  const path = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** A file of the kernel's; "" where there is none. */
function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
