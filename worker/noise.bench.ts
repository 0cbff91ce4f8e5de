/**
 * ns a normal number: the kernel that serves, the reference, and Box-Muller with Math.log, Math.sin and
 * Math.cos on the same generator, written as plain JavaScript would be. In turn, medians of 5.
 *
 * Usage: node dist/worker/noise.bench.js
 */
import { cpus } from "node:os";

import { type FillNormal, fillNormal } from "../sde/noise.ts";
import { createFillNormal } from "./noise.ts";

const ROUNDS = 5;
const LENGTH = 3 * 32 * 32;
/** How long one measurement lasts at least, in ms. */
const MEASURE_MS = 200;

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;

function multiplyHigh(a: number, b: number): number {
  const carry = (((a & 0xffff) * b) / 0x10000) >>> 0;
  return (((a >>> 16) * b + carry) / 0x10000) | 0;
}

/** Philox4x32-10 with its rounds inline and the engine's own logarithm, sine and cosine. */
const plainJs: FillNormal = (out, { seed, sample, draw }) => {
  const seedLow = Number(seed & 0xffffffffn);
  const seedHigh = Number(seed >> 32n);
  for (let e = 0; e < out.length; e += 4) {
    let c0 = e >> 2;
    let c1 = draw;
    let c2 = sample;
    let c3 = 0;
    let k0 = seedLow;
    let k1 = seedHigh;
    for (let round = 0; round < 10; round++) {
      const high0 = multiplyHigh(c0 >>> 0, M0);
      const high1 = multiplyHigh(c2 >>> 0, M1);
      const low0 = Math.imul(c0, M0);
      c0 = high1 ^ c1 ^ k0;
      c1 = Math.imul(c2, M1);
      c2 = high0 ^ c3 ^ k1;
      c3 = low0;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    let radius = Math.sqrt(-2 * Math.log(((c0 >>> 0) + 1) * 2 ** -32));
    let angle = c1 * (Math.PI * 2 ** -31);
    out[e] = radius * Math.cos(angle);
    out[e + 1] = radius * Math.sin(angle);
    radius = Math.sqrt(-2 * Math.log(((c2 >>> 0) + 1) * 2 ** -32));
    angle = c3 * (Math.PI * 2 ** -31);
    out[e + 2] = radius * Math.cos(angle);
    out[e + 3] = radius * Math.sin(angle);
  }
};

const out = new Float32Array(LENGTH);

function nsPerNormal(fill: FillNormal): number {
  const start = performance.now();
  let elapsed = 0;
  let draw = 0;
  for (; elapsed < MEASURE_MS; elapsed = performance.now() - start) {
    fill(out, { seed: 1n, sample: 0, draw: draw++ });
  }
  return (elapsed * 1e6) / (draw * LENGTH);
}

const contenders = [
  { name: "Wasm", fill: createFillNormal(), ns: [] as number[] },
  { name: "Reference", fill: fillNormal, ns: [] as number[] },
  { name: "PlainJs", fill: plainJs, ns: [] as number[] },
];

for (const { fill } of contenders) nsPerNormal(fill); // Warms up the compilers.
for (let round = 0; round < ROUNDS; round++) {
  // In turn, so that a slow moment of the machine meets all of them.
  for (const { fill, ns } of contenders) ns.push(nsPerNormal(fill));
}

const result: Record<string, string | number> = { benchmark: "noise" };
for (const { name, ns } of contenders) {
  ns.sort((x, y) => x - y);
  process.stdout.write(`${name}: ${ns.map((x) => x.toFixed(2)).join(" ")} ns\n`);
  result[`nsPerNormal${name}`] = Number((ns[ROUNDS >> 1] ?? Number.NaN).toFixed(3));
}
result.machine = `${cpus()[0]?.model ?? "unknown"} x ${cpus().length}`;
process.stdout.write(`${JSON.stringify(result)}\n`);
