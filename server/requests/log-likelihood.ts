import type { LogLikelihoodRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { logLikelihood, type Probe, type Program } from "../../sde/index.ts";
import { likelihoodAnswer } from "../answers/likelihood.ts";
import type { JobSpec, RowSpec } from "../engine/job-spec.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import type { SourcePicture } from "../images/source.ts";
import type { Model } from "../models/repository.ts";
import { checkEps } from "./check-eps.ts";
import { checkCountOr, checkNameOr } from "./checks.ts";
import { unconditional } from "./class-condition.ts";
import type { RequestContext } from "./context.ts";
import { findModel, needGraph } from "./find-model.ts";
import { checkFlow } from "./flow.ts";
import { checkOptions, refuseFitting } from "./job-options.ts";
import { NO_PREVIEW } from "./preview.ts";
import { readPictures } from "./sources.ts";

const PROBES = ["rademacher", "gaussian", "exact"] as const;
type ProbeKind = (typeof PROBES)[number];

const MAX_PROBES = 1000;
const MAX_DEQUANTIZATIONS = 1000;

/** An exact divergence takes as many evaluations as there are dimensions. */
const MAX_EXACT_DIMS = 512;

/** What is asked about each picture, beside the solver. */
interface Asked {
  readonly kind: ProbeKind;
  readonly probes: number;
  readonly dequantizations: number;
}

/**
 * A likelihood request, checked. A row is one probe of one dequantisation draw of one picture: its draw's uniform
 * numbers come from (seed, sample) with one sample a draw, so that the probes of a draw see the same point.
 *
 * @throws ServerError "invalid-argument" naming the field, "model-not-found", "capability-missing", "upload-not-found"
 */
export async function checkLogLikelihood(
  request: LogLikelihoodRequest,
  context: RequestContext,
): Promise<JobSpec> {
  const { repository, limits } = context;
  const model = findModel(request.model, repository);
  needGraph("log_likelihood", model, "jvp", repository);
  const { process } = model;
  const options = checkOptions(request.options, context);
  refuseFitting(options);
  const asked = checkAsked(request, model);
  const cost = asked.kind === "exact" ? dimsOf(model) : 1;
  const { settings, used } = checkFlow("solver", request.solver ?? {}, limits.maxSteps, cost);
  const eps = checkEps("time_eps", request.timeEps, process, process.likelihoodEps);
  const conditioning = unconditional("model", model);
  checkRows(request.images.length, asked, limits.maxRows);
  const pictures = await readPictures(request.images, model, context, options.tenant);
  const quantized = checkPoints(pictures, asked);
  const { bits, dataRange } = model.manifest;
  const [low, high] = dataRange;
  const programOf = (probe: Probe, levels: boolean): Program =>
    logLikelihood({
      process,
      dims: dimsOf(model),
      eps,
      probe,
      ...settings,
      ...(levels ? { dequantization: { low, high, bits, draw: 0 } } : {}),
    });
  return {
    task: "logLikelihood",
    model,
    rows: rowsOf(pictures, asked, programOf),
    rowsPerImage: asked.dequantizations * asked.probes,
    seed: request.seed,
    conditioning,
    preview: NO_PREVIEW,
    answer: likelihoodAnswer({
      dims: dimsOf(model),
      quantization: { low, high, bits },
      draws: asked.dequantizations,
      probes: asked.probes,
      importanceWeighted: request.importanceWeighted,
    }),
    used: {
      sampler: {
        method: { $case: "probabilityFlow", value: used },
        timeEps: eps,
        denoise: false,
      },
      likelihood: {
        probe: asked.kind,
        probes: asked.probes,
        dequantizations: quantized ? asked.dequantizations : 0,
        importanceWeighted: request.importanceWeighted,
        bits,
        dataLow: low,
        dataHigh: high,
      },
      classLabel: undefined,
    },
    ...options,
  };
}

function dimsOf({ shape }: Model): number {
  return shape.channels * shape.height * shape.width;
}

function checkAsked(request: LogLikelihoodRequest, model: Model): Asked {
  const kind = checkNameOr("probe", request.probe, PROBES, "rademacher");
  const dims = dimsOf(model);
  if (kind === "exact" && dims > MAX_EXACT_DIMS) {
    const expected = `"rademacher" or "gaussian": an exact divergence takes an evaluation for each of the model's ${dims} dimensions, ${MAX_EXACT_DIMS} at most`;
    throw invalidArgument("probe", kind, expected);
  }
  const probes = checkCountOr("probes", request.probes, MAX_PROBES, 1);
  if (kind === "exact" && probes > 1) {
    throw invalidArgument("probes", probes, '1 for "exact", which leaves nothing to average');
  }
  const dequantizations = checkCountOr(
    "dequantizations",
    request.dequantizations,
    MAX_DEQUANTIZATIONS,
    1,
  );
  return { kind, probes, dequantizations };
}

/** A product of three counts, each of which is allowed: refused before a row of it is made. */
function checkRows(images: number, { probes, dequantizations }: Asked, most: number): void {
  const rows = images * dequantizations * probes;
  if (rows <= most) return;
  const message = `the request has ${images} images x ${dequantizations} dequantizations x ${probes} probes = ${rows} rows, expected at most ${most}, the rows that this server holds`;
  throw new ServerError("too-large", message);
}

/** Whether there is anything to dequantise: a tensor is a point, of which there are no draws. */
function checkPoints(pictures: readonly SourcePicture[], { dequantizations }: Asked): boolean {
  const point = pictures.findIndex(({ levels }) => levels === undefined);
  if (point >= 0 && dequantizations > 1) {
    const expected = `1: images[${point}] is a tensor, a point that is not dequantised`;
    throw invalidArgument("dequantizations", dequantizations, expected);
  }
  return pictures.some(({ levels }) => levels !== undefined);
}

/** Image by image, draw by draw, probe by probe: the order that the answer counts by. */
function rowsOf(
  pictures: readonly SourcePicture[],
  { kind, probes, dequantizations }: Asked,
  programOf: (probe: Probe, levels: boolean) => Program,
): readonly RowSpec[] {
  const programs = [false, true].map((levels) =>
    Array.from({ length: probes }, (_, probe) =>
      // Draw 0 dequantises.
      programOf(kind === "exact" ? { kind } : { kind, draw: 1 + probe }, levels),
    ),
  );
  return pictures.flatMap(({ pixels, levels }, image) => {
    const inputs = [levels === undefined ? pixels : Float32Array.from(levels)];
    const own = programs[levels === undefined ? 0 : 1] ?? [];
    return Array.from(
      { length: dequantizations },
      (_, draw) => image * dequantizations + draw,
    ).flatMap((sample) => own.map((program) => ({ program, sample, inputs })));
  });
}
