import {
  type DeepPartial,
  FastSolver,
  JobOptions_Priority,
  type PredictorCorrector,
  ProbabilityFlow,
  type SampleRequest,
  type Sampler,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ErrorCode } from "../errors.ts";
import { type BadRequest, badBytes, badJob, badJson, badSample } from "./bad-request.ts";
import { SERVED_MODEL, SMALL_TENANT } from "./start-service.ts";

const UINT32_MAX = 4_294_967_295;

function invalid(message: RegExp): [ErrorCode, RegExp] {
  return ["invalid-argument", message];
}

function pc(value: DeepPartial<PredictorCorrector>): DeepPartial<SampleRequest> {
  return { sampler: { method: { $case: "predictorCorrector", value } } };
}

const pcJson = (value: object): object => ({ sampler: { predictorCorrector: value } });

const NAMES: readonly BadRequest[] = [
  badSample("an unknown model", { model: "nope" }, [
    "model-not-found",
    new RegExp(`^model: seen "nope", expected one of .*${SERVED_MODEL}`),
  ]),
  badSample(
    "an unknown predictor",
    pc({ predictor: "rk4" }),
    invalid(
      /^sampler\.predictor_corrector\.predictor: seen "rk4", expected one of .*"reverse-diffusion"/,
    ),
  ),
  badSample(
    "an unknown corrector",
    pc({ corrector: "mala" }),
    invalid(/^sampler\.predictor_corrector\.corrector: seen "mala", expected one of .*"langevin"/),
  ),
  badJson(
    "an unknown sampler",
    { sampler: { ddpm: {} } },
    invalid(/^sampler\.ddpm: .* one of predictor_corrector, /),
  ),
  badJson(
    "a misspelt field",
    pcJson({ stepz: 5 }),
    invalid(/^sampler\.predictor_corrector\.stepz: .*\bsteps\b/),
  ),
  badJson(
    "two samplers",
    { sampler: { fast: {}, predictorCorrector: {} } },
    invalid(/nothing beside fast/),
  ),
  ...badJob("nope", ["job-not-found", /^job_id: seen "nope", expected /]),
  ...badJob("", ["job-not-found", /^job_id: seen "", expected /]),
];

const FORMATS: readonly BadRequest[] = [
  badBytes(
    "an unknown format",
    [0x38, 99],
    invalid(/^format: seen 99, expected one of .*IMAGE_FORMAT_PNG \(1\)/),
  ),
  badJson(
    "an unknown format by number",
    { format: 99 },
    invalid(/^format: seen 99, expected one of .*PNG \(1\)/),
  ),
  badJson(
    "an unknown format by name",
    { format: "GIF" },
    invalid(/^format: seen "GIF", expected one of .*PNG \(1\)/),
  ),
  badBytes(
    "an unknown preview format",
    [0x32, 2, 0x10, 99],
    invalid(/^preview\.format: seen 99, expected one of /),
  ),
  badJson(
    "a negative preview format",
    { preview: { format: -1 } },
    invalid(/^preview\.format: seen -1, expected /),
  ),
];

const COUNTS: readonly BadRequest[] = [
  badSample(
    "parts of a few bytes",
    { options: { partBytes: 100 } },
    invalid(/^options\.part_bytes: seen 100, expected at least 4096, or 0 for no parts$/),
  ),
  badSample(
    "a count over the limit",
    { count: 1025 },
    invalid(/^count: seen 1025, expected .*1024/),
  ),
  badSample(
    "an absurd count",
    { count: UINT32_MAX },
    invalid(/^count: seen 4294967295, expected .*1024/),
  ),
  badJson("a negative count", { count: -1 }, invalid(/^count: seen -1, expected a whole number/)),
  badJson("a broken count", { count: 1.5 }, invalid(/^count: seen 1\.5, expected a whole number/)),
  badJson(
    "a count past 32 bits",
    { count: 1e12 },
    invalid(/^count: seen 1000000000000, expected a whole number/),
  ),
  badBytes(
    "a count past 32 bits in protobuf",
    [0x10, 0x85, 0x80, 0x80, 0x80, 0x10],
    invalid(/^count: seen 4294967301, expected a whole number/),
  ),
  badJson(
    "a count in words",
    { count: "many" },
    invalid(/^count: seen "many", expected a whole number/),
  ),
  badJson("a negative seed", { seed: -1 }, invalid(/^seed: seen -1, expected a whole number/)),
];

const STEPS_FIELD = "^sampler\\.predictor_corrector\\.steps: seen";
const STEPS: readonly BadRequest[] = [
  badSample(
    "steps over the limit",
    pc({ steps: 10_001 }),
    invalid(new RegExp(`${STEPS_FIELD} 10001, expected .*10000`)),
  ),
  badSample(
    "absurd steps",
    pc({ steps: UINT32_MAX }),
    invalid(new RegExp(`${STEPS_FIELD} 4294967295, expected .*10000`)),
  ),
  badJson(
    "negative steps",
    pcJson({ steps: -5 }),
    invalid(new RegExp(`${STEPS_FIELD} -5, expected a whole number`)),
  ),
  badJson(
    "NaN steps",
    pcJson({ steps: "NaN" }),
    invalid(new RegExp(`${STEPS_FIELD} "NaN", expected a whole number`)),
  ),
  badSample(
    "absurd corrector steps",
    pc({ correctorSteps: UINT32_MAX }),
    invalid(/^sampler\.predictor_corrector\.corrector_steps: seen 4294967295, expected /),
  ),
];

const REALS: readonly BadRequest[] = [-0.1, Number.NaN, Number.POSITIVE_INFINITY, 1e9].flatMap(
  (real) => [
    badSample(
      `a signal to noise of ${real}`,
      pc({ signalToNoise: real }),
      invalid(
        new RegExp(
          `^sampler\\.predictor_corrector\\.signal_to_noise: seen ${real}, expected a number`,
        ),
      ),
    ),
    badSample(
      `a time eps of ${real}`,
      { sampler: { timeEps: real } },
      invalid(new RegExp(`^sampler\\.time_eps: seen ${real}, expected a time`)),
    ),
  ],
);

const PREVIEWS: readonly BadRequest[] = [-1, Number.NaN].map((real) =>
  badSample(
    `${real} previews a second`,
    { preview: { maxPerSecond: real } },
    invalid(new RegExp(`^preview\\.max_per_second: seen ${real}, expected a number`)),
  ),
);

const WIRE: readonly BadRequest[] = [
  badBytes(
    "no protobuf",
    [0xff, 0xff, 0xff],
    ["malformed-frame", /not a protobuf scorestream\.v1\.SampleRequest: /],
  ),
  badBytes("a cut field", [0x0a, 5, 0x61], ["malformed-frame", /premature EOF/]),
  badBytes(
    "text for a number",
    [0x12, 1, 0x61],
    ["malformed-frame", /^count: seen protobuf wire type 2, expected 0/],
  ),
  badBytes("text that is not UTF-8", [0x0a, 1, 0xff], ["malformed-frame", /^model: .*not UTF-8/]),
  badJson(
    "an array for a message",
    { sampler: [] },
    invalid(/^sampler: seen an array, expected an object/),
  ),
  badJson("a number for a text", { model: 5 }, invalid(/^model: seen 5, expected a string/)),
  badJson(
    "text for a truth",
    { sampler: { denoise: "false" } },
    invalid(/^sampler\.denoise: seen "false", expected true/),
  ),
];

function method(value: NonNullable<Sampler["method"]>): DeepPartial<SampleRequest> {
  return { sampler: { method: value } };
}

const fast = (value: Partial<FastSolver>): DeepPartial<SampleRequest> =>
  method({ $case: "fast", value: FastSolver.fromPartial(value) });
const flow = (value: Partial<ProbabilityFlow>): DeepPartial<SampleRequest> =>
  method({ $case: "probabilityFlow", value: ProbabilityFlow.fromPartial(value) });

const SAMPLERS: readonly BadRequest[] = [
  badSample(
    "an unknown fast method",
    fast({ method: "plms" }),
    invalid(/^sampler\.fast\.method: seen "plms", expected one of "ddim", .*"unipc"/),
  ),
  badSample(
    "no fast method",
    fast({}),
    invalid(/^sampler\.fast\.method: seen "", expected one of "ddim"/),
  ),
  badSample(
    "an unknown time grid",
    fast({ method: "ddim", timeGrid: "cosine" }),
    invalid(/^sampler\.fast\.time_grid: seen "cosine", expected one of "uniform", "log-snr"/),
  ),
  badSample(
    "an eta beyond DDIM's",
    fast({ method: "ddim", eta: 1.5 }),
    invalid(/^sampler\.fast\.eta: seen 1\.5, expected a number in \(0, 1\]/),
  ),
  badSample(
    "an eta for a method without noise",
    fast({ method: "unipc", eta: 0.5 }),
    invalid(/^sampler\.fast\.eta: seen 0\.5, expected 0: "unipc" draws no noise/),
  ),
  badSample(
    "an order beyond UniPC's",
    fast({ method: "unipc", order: 4 }),
    invalid(/^sampler\.fast\.order: seen 4, expected an integer from 1 to 3/),
  ),
  badSample(
    "a fast solver that is not to denoise",
    { sampler: { method: { $case: "fast", value: { method: "ddim" } }, denoise: false } },
    invalid(/^sampler\.denoise: seen false, expected true/),
  ),
  badSample(
    "an unknown ODE solver",
    flow({ solver: "rk4" }),
    invalid(/^sampler\.probability_flow\.solver: seen "rk4", expected one of "rk45"/),
  ),
  badSample(
    "a tolerance that float32 can't meet",
    flow({ relativeTolerance: 1e-12 }),
    invalid(/^sampler\.probability_flow\.relative_tolerance: seen 1e-12, expected a number in/),
  ),
  badSample(
    "a negative tolerance",
    flow({ absoluteTolerance: -1 }),
    invalid(/^sampler\.probability_flow\.absolute_tolerance: seen -1, expected/),
  ),
  badSample(
    "more evaluations than the server allows",
    flow({ maxEvaluations: 1_000_000_000n }),
    invalid(/^sampler\.probability_flow\.max_evaluations: seen 1000000000, expected an integer/),
  ),
  badSample(
    "an unknown step control",
    flow({ stepControl: "pid" }),
    invalid(/^sampler\.probability_flow\.step_control: seen "pid", expected one of "i", "pi"/),
  ),
  badSample(
    "neither predictor nor corrector",
    pc({ predictor: "none", corrector: "none" }),
    invalid(/^sampler\.predictor_corrector\.corrector: seen "none", expected a corrector/),
  ),
  badSample(
    "leapfrog steps beyond reason",
    pc({ corrector: "hmc", leapfrogSteps: 1_000_000 }),
    invalid(/^sampler\.predictor_corrector\.leapfrog_steps: seen 1000000, expected/),
  ),
];

const OPTIONS: readonly BadRequest[] = [
  badSample(
    "fitting without a deadline",
    { options: { fitToDeadline: true } },
    invalid(/^options\.fit_to_deadline: seen true, expected false, or options\.deadline beside it/),
  ),
  badSample(
    "a deadline that nothing meets, fitted or not",
    { options: { fitToDeadline: true, deadline: { nanos: 1 } } },
    [
      "deadline-exceeded",
      /^options\.deadline: .*expected at least \d+\.\d\d s, with fast\/dpm-solver\+\+2m with 10 steps in place of /,
    ],
  ),
  badSample("more rows than its tenant may have", { count: 3, options: { tenant: SMALL_TENANT } }, [
    "too-large",
    /^the job asks for 3 rows of tenant "small", expected at most 2 \(--tenant-max-rows or --tenants\)$/,
  ]),
  badSample(
    "a priority above its tenant's",
    { options: { tenant: SMALL_TENANT, priority: JobOptions_Priority.PRIORITY_INTERACTIVE } },
    invalid(
      /^options\.priority: seen "PRIORITY_INTERACTIVE", expected PRIORITY_BATCH, the highest/,
    ),
  ),
  badSample(
    "a deadline of no time",
    { options: { deadline: { seconds: 0n } } },
    invalid(/^options\.deadline: seen "0 s", expected more than 0 s and at most 24 days/),
  ),
];

/** Every bad request of the conformance test. */
export const BAD_REQUESTS: readonly BadRequest[] = [
  ...NAMES,
  ...FORMATS,
  ...COUNTS,
  ...STEPS,
  ...REALS,
  ...PREVIEWS,
  ...WIRE,
  ...SAMPLERS,
  ...OPTIONS,
];

/** A frame that is no request at all, for the WebSocket alone. */
export interface BadFrame {
  readonly name: string;
  readonly frame: string | Uint8Array;
  readonly code: ErrorCode;
  readonly message: RegExp;
}

export const BAD_FRAMES: readonly BadFrame[] = [
  {
    name: "not JSON",
    frame: "hello",
    code: "malformed-frame",
    message: /^the text frame is not JSON: /,
  },
  {
    name: "an empty text frame",
    frame: "",
    code: "malformed-frame",
    message: /^the text frame is not JSON: /,
  },
  {
    name: "JSON that is no object",
    frame: "[1]",
    code: "malformed-frame",
    message: /not a JSON object/,
  },
  {
    name: "not protobuf",
    frame: Buffer.from([0xff, 0xff]),
    code: "malformed-frame",
    message: /not a protobuf /,
  },
  {
    name: "an empty binary frame",
    frame: new Uint8Array(),
    code: "invalid-argument",
    message: /^id: seen "", expected /,
  },
  {
    name: "a frame without an id",
    frame: '{"sample":{}}',
    code: "invalid-argument",
    message: /^id: seen "", expected /,
  },
  {
    name: "a frame without a request",
    frame: '{"id":"a"}',
    code: "malformed-frame",
    message: /one of list_models, sample/,
  },
  {
    name: "an unknown request",
    frame: '{"id":"a","smaple":{}}',
    code: "invalid-argument",
    message: /^smaple: .*\bsample\b/,
  },
  {
    name: "an upload's chunk before its header",
    frame: '{"id":"a","upload":{"chunk":"AAAA"}}',
    code: "invalid-argument",
    message: /^chunk: seen one before any header, expected a header/,
  },
];
