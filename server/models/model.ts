import type { ForwardProcess } from "../../sde/processes/forward-process.ts";
import type { Parameterization } from "../../sde/processes/parameterization.ts";
import type { GraphSource } from "../../worker/protocol.ts";
import { isTimeType } from "./capability.ts";
import type { Manifest } from "./manifest.ts";
import { forwardProcessOf } from "./processes.ts";

/** A model that this server can run. */
export interface Model {
  readonly name: string;
  /** Of the score network's file. */
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly shape: { readonly channels: number; readonly height: number; readonly width: number };
  /** With the manifest's own eps where it states them. */
  readonly process: ForwardProcess;
  /** What the score network's inputs and output stand for. */
  readonly parameterization: Parameterization;
  readonly scoreSource: GraphSource;
}

/**
 * The model of a manifest without findings.
 *
 * @param path of the score network's file
 * @param intraOpThreads threads of one operator; 0: as many as there are cores
 * @returns undefined where the manifest asks for a capability that this version does not have
 */
export function modelOf(
  manifest: Manifest,
  path: string,
  intraOpThreads: number,
): Model | undefined {
  const { name, shape, score } = manifest;
  const process = forwardProcessOf(manifest);
  const timeType = score.time.type;
  if (process === undefined || !isTimeType(timeType)) return undefined;
  return {
    name,
    sha256: score.sha256,
    manifest,
    shape,
    process,
    parameterization: parameterizationOf(manifest),
    scoreSource: {
      // Weights outside the file are part of what runs.
      key: [score, ...score.externalData].map(({ sha256 }) => sha256).join("+"),
      path,
      inputName: score.input.name,
      timeName: score.time.name,
      timeType,
      outputName: score.output.name,
      outputChannels: score.output.channels ?? shape.channels,
      ...shape,
      intraOpThreads,
    },
  };
}

function parameterizationOf({ score, levels }: Manifest): Parameterization {
  return {
    output: score.output.kind,
    timeInput: score.time.kind,
    inputScaling: score.input.scaling,
    ...(score.sigmaData === undefined ? {} : { sigmaData: score.sigmaData }),
    ...(levels === undefined ? {} : { levels }),
    integerTime: score.time.type === "int64",
  };
}
