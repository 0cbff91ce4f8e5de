import {
  type Condition,
  DecodeRequest,
  type DeepPartial,
  EncodeRequest,
  type ImageSource,
  LogLikelihoodRequest,
  type SampleRequest,
  type Tensor,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ErrorCode } from "../errors.ts";
import { type BadRequest, badSample, badTask } from "./bad-request.ts";

// Of the served model: images of 3 x 4 x 4 values, no classes, no classifier.
const SHAPE = { channels: 3, height: 4, width: 4 };

function invalid(message: RegExp): [ErrorCode, RegExp] {
  return ["invalid-argument", message];
}

function tensorOf(count: number, shape = SHAPE, value = 0.5): Tensor {
  return { shape, float32: Buffer.from(new Float32Array(count).fill(value).buffer) };
}

function tensor(value: Tensor): DeepPartial<ImageSource> {
  return { source: { $case: "tensor", value } };
}

const IMAGE = tensor(tensorOf(48));
const MASK = tensor(tensorOf(16, { channels: 1, height: 4, width: 4 }, 1));
const UPLOAD = { source: { $case: "uploadId", value: "ab".repeat(32) } } as const;
const DATA = { source: { $case: "data", value: Buffer.from("no picture") } } as const;

function under(
  condition: NonNullable<DeepPartial<Condition>["condition"]>,
): DeepPartial<SampleRequest> {
  return { condition: { condition } };
}

const CONDITIONS: readonly BadRequest[] = [
  badSample(
    "a class of a model without a classifier",
    under({ $case: "classLabel", value: { label: "7" } }),
    [
      "capability-missing",
      /^condition\.class_label: model "gaussian-mixture-vp" can't .*classifier/,
    ],
  ),
  badSample(
    "inpainting without an image",
    under({ $case: "inpaint", value: { mask: MASK } }),
    invalid(/^condition\.inpaint\.image: seen none, expected data, upload_id or tensor/),
  ),
  badSample(
    "inpainting without a mask",
    under({ $case: "inpaint", value: { image: IMAGE } }),
    invalid(/^condition\.inpaint\.mask: seen none/),
  ),
  badSample(
    "a mask of another size",
    under({
      $case: "inpaint",
      value: { image: IMAGE, mask: tensor(tensorOf(25, { channels: 1, height: 5, width: 5 }, 1)) },
    }),
    invalid(/^condition\.inpaint\.mask\.tensor.*5.*5.*4.*4/),
  ),
  badSample(
    "a mask that is half known",
    under({
      $case: "inpaint",
      value: {
        image: IMAGE,
        mask: tensor(tensorOf(16, { channels: 1, height: 4, width: 4 }, 0.5)),
      },
    }),
    invalid(/^condition\.inpaint\.mask: seen 0\.5 in a mask's tensor, expected 1 where known/),
  ),
  badSample(
    "an upload that is not there",
    under({ $case: "inpaint", value: { image: UPLOAD, mask: MASK } }),
    ["upload-not-found", /^condition\.inpaint\.image\.upload_id: seen "abab/],
  ),
  badSample(
    "jumps without end",
    under({ $case: "inpaint", value: { image: IMAGE, mask: MASK, resampleJumps: 5000 } }),
    invalid(/^condition\.inpaint\.resample_jumps: seen 5000, expected at most 100/),
  ),
  badSample(
    "a jump's length without jumps",
    under({ $case: "inpaint", value: { image: IMAGE, mask: MASK, jumpLength: 3 } }),
    invalid(/^condition\.inpaint\.jump_length: seen 3, expected 0 without resample_jumps/),
  ),
  badSample(
    "jumps of a solver that can't",
    {
      ...under({ $case: "inpaint", value: { image: IMAGE, mask: MASK, resampleJumps: 2 } }),
      sampler: { method: { $case: "fast", value: { method: "ddim" } } },
    },
    invalid(/^condition\.inpaint\.resample_jumps: seen 2, expected 0: only predictor-corrector/),
  ),
  badSample(
    "a condition under an adaptive solver",
    {
      ...under({ $case: "inpaint", value: { image: IMAGE, mask: MASK } }),
      sampler: { method: { $case: "probabilityFlow", value: { solver: "rk45" } } },
    },
    invalid(/^sampler\.probability_flow\.solver: seen "rk45", expected "heun" or "euler"/),
  ),
  badSample(
    "a class beside a mask, of a model without a classifier",
    under({
      $case: "inpaint",
      value: { image: IMAGE, mask: MASK, classLabel: { label: "7" } },
    }),
    ["capability-missing", /^condition\.inpaint\.class_label: model /],
  ),
  badSample(
    "colours of no picture",
    under({ $case: "colorize", value: { gray: DATA } }),
    invalid(/^condition\.colorize\.gray: seen bytes of no known picture format, expected PNG/),
  ),
  badSample(
    "colours of colours",
    under({ $case: "colorize", value: { gray: IMAGE } }),
    invalid(/^condition\.colorize\.gray\.tensor/),
  ),
  badSample(
    "an odd factor",
    under({ $case: "superResolve", value: { lowResolution: IMAGE, factor: 3 } }),
    invalid(/^condition\.super_resolve\.factor: seen 3, expected 2, 4 or 8/),
  ),
  badSample(
    "a factor larger than the picture",
    under({ $case: "superResolve", value: { lowResolution: IMAGE, factor: 8 } }),
    invalid(/^condition\.super_resolve\.factor: seen 8, expected a factor that divides .*4 x 4/),
  ),
  badSample(
    "a low resolution that is full",
    under({ $case: "superResolve", value: { lowResolution: IMAGE, factor: 2 } }),
    invalid(/^condition\.super_resolve\.low_resolution\.tensor/),
  ),
];

const LATENT = { source: { $case: "tensor", value: tensorOf(48) } } as const;

const LATENTS: readonly BadRequest[] = [
  badTask("encode", EncodeRequest, "no images", {}, invalid(/^images: seen "?0 of them/)),
  badTask("encode", EncodeRequest, "an unknown model", { model: "nope", images: [IMAGE] }, [
    "model-not-found",
    /^model: seen "nope"/,
  ]),
  badTask(
    "encode",
    EncodeRequest,
    "a second image that is none",
    { images: [IMAGE, DATA] },
    invalid(/^images\[1\]: seen bytes of no known picture format/),
  ),
  badTask(
    "encode",
    EncodeRequest,
    "NaN in an image",
    { images: [tensor(tensorOf(48, SHAPE, Number.NaN))] },
    invalid(/^images\[0\]\.tensor.*NaN/),
  ),
  badTask(
    "encode",
    EncodeRequest,
    "an unknown solver",
    { images: [IMAGE], solver: { solver: "dopri8" } },
    invalid(/^solver\.solver: seen "dopri8", expected one of "rk45"/),
  ),
  badTask(
    "encode",
    EncodeRequest,
    "an eps past the middle",
    { images: [IMAGE], timeEps: 0.9 },
    invalid(/^time_eps: seen 0\.9, expected a time in \[1e-9, 0\.5\]/),
  ),
  badTask(
    "encode",
    EncodeRequest,
    "a key without end",
    { images: [IMAGE], options: { idempotencyKey: "k".repeat(300) } },
    invalid(/^options\.idempotency_key: seen "300 characters", expected at most 256/),
  ),
  badTask(
    "encode",
    EncodeRequest,
    "an encoding that is to be fitted",
    { images: [IMAGE], options: { fitToDeadline: true, deadline: { seconds: 60n } } },
    ["capability-missing", /^options\.fit_to_deadline: only Sample can be fitted/],
  ),
  badTask("decode", DecodeRequest, "no latents", {}, invalid(/^latents: seen "?0 of them/)),
  badTask(
    "decode",
    DecodeRequest,
    "a latent of another shape",
    {
      latents: [
        { source: { $case: "tensor", value: tensorOf(27, { channels: 3, height: 3, width: 3 }) } },
      ],
    },
    invalid(/^latents\[0\]\.tensor/),
  ),
  badTask(
    "decode",
    DecodeRequest,
    "a latent with NaN",
    {
      latents: [{ source: { $case: "tensor", value: tensorOf(48, SHAPE, Number.NaN) } }],
    },
    invalid(/^latents\[0\]\.tensor.*NaN/),
  ),
  badTask(
    "decode",
    DecodeRequest,
    "a latent that was never uploaded",
    { latents: [{ source: { $case: "uploadId", value: "cd".repeat(32) } }] },
    ["upload-not-found", /^latents\[0\]\.upload_id: seen "cdcd/],
  ),
  badTask(
    "decode",
    DecodeRequest,
    "a temperature below zero",
    { latents: [LATENT], temperature: -1 },
    invalid(/^temperature: seen -1, expected a number/),
  ),
];

const LIKELIHOODS: readonly BadRequest[] = [
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "no images",
    {},
    invalid(/^images: seen "?0 of them/),
  ),
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "an unknown probe",
    { images: [IMAGE], probe: "sobol" },
    invalid(/^probe: seen "sobol", expected one of "rademacher", "gaussian", "exact"/),
  ),
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "too many probes",
    { images: [IMAGE], probes: 100_000 },
    invalid(/^probes: seen 100000, expected an integer from 1 to 1000/),
  ),
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "more rows than the server holds",
    { images: Array.from({ length: 1024 }, () => UPLOAD), probes: 1000, dequantizations: 1000 },
    [
      "too-large",
      /^the request has 1024 images x 1000 .* = 1024000000 rows, expected at most 4096/,
    ],
  ),
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "several exact probes",
    { images: [IMAGE], probe: "exact", probes: 2 },
    invalid(/^probes: seen 2, expected 1 for "exact"/),
  ),
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "draws of a point",
    { images: [IMAGE], dequantizations: 2 },
    invalid(/^dequantizations: seen 2, expected 1: images\[0\] is a tensor/),
  ),
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "a tolerance that float32 can't meet",
    { images: [IMAGE], solver: { absoluteTolerance: 1e-12 } },
    invalid(/^solver\.absolute_tolerance: seen 1e-12/),
  ),
  badTask(
    "logLikelihood",
    LogLikelihoodRequest,
    "a picture cut off",
    {
      images: [
        {
          source: { $case: "data", value: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex") },
        },
      ],
    },
    invalid(/^images\[0\]: seen a PNG that is cut off or broken/),
  ),
];

/** Bad requests of conditions, encodings, decodings and likelihoods. */
export const BAD_TASKS: readonly BadRequest[] = [...CONDITIONS, ...LATENTS, ...LIKELIHOODS];
