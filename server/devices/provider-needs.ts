import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Provider } from "../../worker/protocol.ts";
import { environment } from "../config/environment.ts";

/** Something that a provider needs, and what to do where it is not there. */
export interface Need {
  readonly what: string;
  readonly there: boolean;
  readonly remedy: string;
}

/** Shared libraries of CUDA 12 and cuDNN 9 that ONNX Runtime's CUDA provider is linked with, and what brings them. */
const CUDA_LIBRARIES: readonly (readonly [library: string, remedy: string])[] = [
  ["libcuda.so.1", "NVIDIA's driver"],
  ["libcudart.so.12", "the CUDA 12 runtime"],
  ["libcublas.so.12", "the CUDA 12 runtime"],
  ["libcublasLt.so.12", "the CUDA 12 runtime"],
  ["libcufft.so.11", "the CUDA 12 runtime"],
  ["libcurand.so.10", "the CUDA 12 runtime"],
  ["libcudnn.so.9", "cuDNN 9 for CUDA 12"],
];

const TENSORRT_LIBRARIES: readonly (readonly [library: string, remedy: string])[] = [
  ["libnvinfer.so.10", "TensorRT 10"],
  ["libnvinfer_plugin.so.10", "TensorRT 10"],
  ["libnvonnxparser.so.10", "TensorRT 10"],
];

/** What a provider needs of this machine, as far as it can be seen without asking it. Linux only; elsewhere nothing. */
export function needsOf(provider: Provider): readonly Need[] {
  if (process.platform !== "linux") return [];
  switch (provider) {
    case "cpu":
      return [];
    case "webgpu":
      return webgpuNeeds();
    case "cuda":
      return [...bundled("cuda"), ...CUDA_LIBRARIES.map(library)];
    case "tensorrt":
      return [
        ...bundled("cuda"),
        ...bundled("tensorrt"),
        ...[...CUDA_LIBRARIES, ...TENSORRT_LIBRARIES].map(library),
      ];
  }
}

/** What a provider lacks here, by what would bring it. */
export function missingFor(provider: Provider): readonly string[] {
  const byRemedy = new Map<string, string[]>();
  for (const { what, there, remedy } of needsOf(provider)) {
    if (!there) byRemedy.set(remedy, [...(byRemedy.get(remedy) ?? []), what]);
  }
  return [...byRemedy].map(([remedy, whats]) => `no ${whats.join(", ")}: ${remedy}`);
}

function library([name, remedy]: readonly [name: string, remedy: string]): Need {
  return { what: name, there: hasLibrary(name), remedy };
}

/** The folder of onnxruntime-node's own libraries for this platform. */
function runtimeFolder(): string {
  const entry = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  return join(dirname(entry), "bin", "napi-v6", process.platform, process.arch);
}

/** ONNX Runtime's own library of a provider, which npm's package leaves out. */
function bundled(name: "cuda" | "tensorrt"): readonly Need[] {
  const file = `libonnxruntime_providers_${name}.so`;
  const there = existsSync(join(runtimeFolder(), file));
  return [{ what: file, there, remedy: "npm run install:gpu fetches ONNX Runtime's own" }];
}

function webgpuNeeds(): readonly Need[] {
  const drivers = vulkanDrivers();
  return [
    {
      what: "libvulkan.so.1",
      there: hasLibrary("libvulkan.so.1"),
      remedy: "apt-get install libvulkan1",
    },
    {
      what: "Vulkan driver",
      there: drivers.length > 0,
      remedy: "the GPU's own driver, or VK_DRIVER_FILES=/path/to/driver_icd.json",
    },
  ];
}

/** Where the Vulkan loader looks for drivers' descriptions, in its order. */
const DRIVER_FOLDERS = [
  "/usr/local/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/etc/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
];

/** The files that describe this machine's Vulkan drivers. */
export function vulkanDrivers(): readonly string[] {
  const named = environment.VK_DRIVER_FILES ?? environment.VK_ICD_FILENAMES;
  if (named !== undefined) return named.split(":").filter(existsSync);
  return DRIVER_FOLDERS.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .map((file) => join(folder, file)),
  );
}

/** Whether the dynamic linker finds a library: in LD_LIBRARY_PATH, or in its cache. */
function hasLibrary(name: string): boolean {
  const folders = (environment.LD_LIBRARY_PATH ?? "").split(":").filter((folder) => folder !== "");
  return folders.some((folder) => existsSync(join(folder, name))) || linkerCache().includes(name);
}

let cache: string | undefined;

/** What `ldconfig -p` prints; "" where there is none. */
function linkerCache(): string {
  if (cache !== undefined) return cache;
  const program = ["/sbin/ldconfig", "/usr/sbin/ldconfig"].find(existsSync);
  if (program === undefined) return "";
  const { stdout } = spawnSync(program, ["-p"], { encoding: "utf8" });
  cache = stdout ?? "";
  return cache;
}
