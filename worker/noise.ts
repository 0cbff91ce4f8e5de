import { readFileSync } from "node:fs";

import { checkNoiseKey, type FillNormal } from "../sde/noise.ts";

/** The exports of worker/wasm/noise.ts. */
interface NoiseExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly output: { readonly value: number };
  readonly CAPACITY: { readonly value: number };
  fill(
    groups: number,
    firstGroup: number,
    seedLow: number,
    seedHigh: number,
    sample: number,
    draw: number,
  ): void;
}

/** Node has it; its types come only with the browser's, which would bring `window` and the rest. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

const GROUP = 16;

/** Compiled once a thread; the build puts the kernel beside this file. */
const kernel = new WebAssembly.Module(readFileSync(new URL("./noise.wasm", import.meta.url)));

/**
 * The generator that serves: bit for bit sde/noise.ts's fillNormal, in WASM SIMD. Each call has its own
 * instance with 64 KiB of memory, which ends with the function returned. `out` may be a view over a
 * SharedArrayBuffer: the kernel writes its own memory, a first-level cache's worth at a time, and that is copied.
 */
export function createFillNormal(): FillNormal {
  const { memory, output, CAPACITY, fill } = new WebAssembly.Instance(kernel)
    .exports as unknown as NoiseExports;
  const capacity = CAPACITY.value * GROUP;
  const normals = new Float32Array(memory.buffer, output.value, capacity);
  return (out, key) => {
    checkNoiseKey(key);
    const seedLow = Number(key.seed & 0xffffffffn);
    const seedHigh = Number(key.seed >> 32n);
    for (let first = 0; first < out.length; first += capacity) {
      const count = Math.min(capacity, out.length - first);
      fill(Math.ceil(count / GROUP), first / GROUP, seedLow, seedHigh, key.sample, key.draw);
      out.set(count === capacity ? normals : normals.subarray(0, count), first);
    }
  };
}
