import { ScoreStreamError } from "../typescript/core/scorestream-error.ts";
import { EXIT } from "./exit-codes.ts";

/** A server's refusal, or its absence, in the command line's own words. */
export class RequestFailed extends Error {
  override readonly name = "RequestFailed";
  readonly exitCode: number;
  /** The server's code; undefined where it didn't answer. */
  readonly code: string | undefined;
  /** The flag or the file that it is about. */
  readonly about: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(error: ScoreStreamError, message: string, about: string | undefined) {
    super(message, { cause: error });
    this.code = error.code;
    this.about = about;
    this.retryAfterS = error.retryAfterMs === undefined ? undefined : error.retryAfterMs / 1000;
    this.exitCode = exitCodeOf(error);
  }
}

/** What the server's sentence begins with. */
const ONE_FIELD: Readonly<Record<string, string>> = {
  "model-not-found": "model",
  "job-not-found": "job_id",
};

/** What can't be right, whatever the server's state. */
const USAGE: readonly (string | undefined)[] = ["invalid-argument", "model-not-found"];

/** What may go better later, or elsewhere. */
const TRY_AGAIN: readonly (string | undefined)[] = [
  "queue-full",
  "upload-store-full",
  "worker-lost",
  "shutting-down",
];

/**
 * Errors of calls to a server as the command line tells them; others as they are.
 *
 * @param inputs as they were named, for fields such as `images[1]`
 */
export function explained(error: unknown, server: string, inputs: readonly string[] = []): unknown {
  if (!(error instanceof ScoreStreamError)) return error;
  const { code, field, message, retryAfterMs } = error;
  if (error.isConnectionLost) {
    const hint = "`scorestream serve` starts one, --server names another";
    return new RequestFailed(error, `no server answers at ${server}: ${hint}`, undefined);
  }
  // These two have one field that they can be about.
  const told = ONE_FIELD[code ?? ""] ?? field;
  const about = told === undefined ? undefined : flagOf(told, inputs);
  const words = about === undefined ? message : message.replace(told ?? "", () => about);
  const again =
    retryAfterMs === undefined ? "" : `; try again in ${Math.ceil(retryAfterMs / 1000)} s`;
  return new RequestFailed(error, words + again, about);
}

function exitCodeOf({ code, isConnectionLost }: ScoreStreamError): number {
  if (isConnectionLost) return EXIT.unreachable;
  if (USAGE.includes(code)) return EXIT.usage;
  return TRY_AGAIN.includes(code) ? EXIT.tryAgain : EXIT.failed;
}

/** Fields of requests, by their last name, and the flags that they come from. */
const FLAGS: Readonly<Record<string, string>> = {
  class_label: "--class",
  corrector: "--sampler",
  corrector_first: "--corrector-first",
  corrector_steps: "--corrector-steps",
  count: "--count",
  deadline: "--deadline",
  denoise: "--no-denoise",
  dequantizations: "--dequantizations",
  eta: "--eta",
  factor: "--factor",
  fit_to_deadline: "--fit-to-deadline",
  guidance_scale: "--guidance",
  idempotency_key: "--idempotency-key",
  image: "--image",
  importance_weighted: "--importance-weighted",
  job_id: "job",
  jump_length: "--jump-length",
  label: "--class",
  leapfrog_steps: "--leapfrog-steps",
  mask: "--mask",
  max_evaluations: "--max-evaluations",
  method: "--sampler",
  model: "--model",
  order: "--order",
  predictor: "--sampler",
  probe: "--probe",
  probes: "--probes",
  relative_tolerance: "--tolerance",
  absolute_tolerance: "--tolerance",
  resample_jumps: "--resample-jumps",
  resize: "--resize",
  scales: "--steps",
  seed: "--seed",
  signal_to_noise: "--snr",
  solver: "--solver",
  steps: "--steps",
  steps_per_scale: "--corrector-steps",
  temperature: "--temperature",
  tenant: "--tenant",
  time_eps: "--time-eps",
  time_grid: "--time-grid",
};

/** The flag or the file that a field of a request comes from; undefined: none. */
function flagOf(field: string, inputs: readonly string[]): string | undefined {
  const [, number] = /^(?:images|latents)\[(\d+)\]/.exec(field) ?? [];
  if (number !== undefined) return inputs[Number(number)];
  if (field.startsWith("rows[")) return "--image";
  if (/\.(gray|low_resolution)\b/.test(field)) return inputs[0];
  // A sampler's solver is part of its name.
  if (field === "sampler.probability_flow.solver") return "--sampler";
  const [last] = field
    .split(".")
    .toReversed()
    .filter((name) => name in FLAGS);
  return last === undefined ? undefined : FLAGS[last];
}
