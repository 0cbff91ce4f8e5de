import {
  cosineProcess,
  ddpmProcess,
  edmProcess,
  type ForwardProcess,
  smldProcess,
  subVariancePreserving,
  varianceExploding,
  variancePreserving,
} from "../../sde/index.ts";
import type { Manifest } from "./manifest.ts";
import type { NumberTable, SpacedTable } from "./manifest-process.ts";

/** The forward process of a manifest, with its own eps where it states them; undefined for one that can't be run. */
export function forwardProcessOf(manifest: Manifest): ForwardProcess | undefined {
  const process = namedProcess(manifest);
  if (process === undefined) return undefined;
  return {
    ...process,
    samplingEps: manifest.samplingEps ?? process.samplingEps,
    likelihoodEps: manifest.likelihoodEps ?? process.likelihoodEps,
  };
}

function namedProcess({ forwardProcess }: Manifest): ForwardProcess | undefined {
  switch (forwardProcess.kind) {
    case "ve":
      return varianceExploding(forwardProcess);
    case "vp":
      return variancePreserving(forwardProcess);
    case "subvp":
      return subVariancePreserving(forwardProcess);
    case "edm":
      return edmProcess(forwardProcess);
    case "cosine":
      return cosineProcess(forwardProcess);
    case "ddpm":
      return fromTable(forwardProcess.betas, ddpmProcess);
    case "smld":
      return fromTable(forwardProcess.sigmas, smldProcess);
  }
}

/** Tables in files are not read yet. */
function fromTable(
  table: NumberTable,
  process: (values: readonly number[]) => ForwardProcess,
): ForwardProcess | undefined {
  if ("file" in table) return undefined;
  return process("spacing" in table ? spaced(table) : table);
}

const SCALES: Readonly<
  Record<SpacedTable["spacing"], { to: (value: number) => number; from: (value: number) => number }>
> = {
  linear: { to: (value) => value, from: (value) => value },
  geometric: { to: Math.log, from: Math.exp },
  quadratic: { to: Math.sqrt, from: (value) => value ** 2 },
};

function spaced({ spacing, first, last, count }: SpacedTable): number[] {
  const { to, from } = SCALES[spacing];
  const [low, high] = [to(first), to(last)];
  return Array.from({ length: count }, (_, k) => from(low + (k / (count - 1)) * (high - low)));
}
