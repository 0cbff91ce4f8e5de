import type { ForwardProcess } from "../../sde/forward-process.ts";
import { subVariancePreserving } from "../../sde/subvp.ts";
import { varianceExploding } from "../../sde/ve.ts";
import { variancePreserving } from "../../sde/vp.ts";
import type { Manifest } from "./manifest.ts";

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
    case "ddpm":
    case "smld":
    case "edm":
    case "cosine":
      return undefined;
  }
}
