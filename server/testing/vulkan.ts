import { existsSync } from "node:fs";

/** Debian's chromium brings a Vulkan driver that runs on the CPU, SwiftShader, and a Vulkan loader. */
const CHROMIUM = "/usr/lib/chromium";
const DRIVER = `${CHROMIUM}/vk_swiftshader_icd.json`;

/** Why tests of WebGPU are skipped. */
export const NO_VULKAN: string =
  "skipped, because there is no Vulkan driver here that runs on a CPU: `apt-get install chromium` brings one, and then `npm test -- server/devices/webgpu.test.ts` runs it";

/**
 * The variables by which a process finds SwiftShader; undefined where it is not installed or ONNX Runtime has no WebGPU for
 * this platform. The linker reads LD_LIBRARY_PATH when a process starts.
 */
export function softwareVulkan(): Readonly<Record<string, string>> | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  if (!existsSync(DRIVER) || !existsSync(`${CHROMIUM}/libvulkan.so.1`)) return undefined;
  return { VK_DRIVER_FILES: DRIVER, LD_LIBRARY_PATH: CHROMIUM };
}
