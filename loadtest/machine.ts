import { readFileSync } from "node:fs";
import { cpus } from "node:os";

// Compiled, this file is dist/loadtest/machine.js.
const PACKAGE = new URL("../../package.json", import.meta.url);

/** What a benchmark's figures were measured on: processor, Node and ONNX Runtime. */
export function machine(): string {
  const all = cpus();
  const { dependencies } = JSON.parse(readFileSync(PACKAGE, "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const versions = `Node ${process.versions.node}, onnxruntime ${dependencies["onnxruntime-node"]}`;
  return `${all.length} x ${all[0]?.model.trim() ?? "unknown CPU"}, ${versions}`;
}

/** @throws RangeError where there are no values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError("no values to take a median of");
  return middle;
}
