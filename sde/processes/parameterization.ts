import type { ForwardProcess } from "./forward-process.ts";

/**
 * What a network's output stands for, with x_t = mean x0 + std n and sigma = std / mean:
 * - `score`: the gradient of log p_t in x_t
 * - `score-times-std`: std * score, which is -n
 * - `noise`: n
 * - `denoised`: x0 (EDM's D, "sample", "x_start")
 * - `velocity`: cos(phi) n - sin(phi) x0, tan(phi) = sigma; mean n - std x0 where mean^2 + std^2 = 1
 * - `edm-raw`: EDM's F, with x0 = c_skip x_t / mean + c_out F
 */
export const OUTPUT_KINDS = [
  "score",
  "score-times-std",
  "noise",
  "denoised",
  "velocity",
  "edm-raw",
] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/**
 * What a network's time input stands for, with N = `levels`:
 * `t`; `t-times-999`; `step` = t (N - 1) for T = 1; `reversed-step` = (T - t) (N - 1), SMLD's label, 0 = most noise;
 * `sigma` = std / mean; `std`; `log-sigma`; `log-half-sigma` = ln(sigma / 2); `quarter-log-sigma` = ln(sigma) / 4;
 * `negative-log-snr` = 2 ln sigma, VDM's gamma.
 */
export const TIME_INPUTS = [
  "t",
  "t-times-999",
  "step",
  "reversed-step",
  "sigma",
  "std",
  "log-sigma",
  "log-half-sigma",
  "quarter-log-sigma",
  "negative-log-snr",
] as const;
export type TimeInput = (typeof TIME_INPUTS)[number];

/**
 * What a network is given for x_t: `none`: x_t itself; `over-mean`: x_t / mean = x0 + sigma n;
 * `unit-variance`: (x_t / mean) / sqrt(1 + sigma^2); `edm-c-in`: (x_t / mean) / sqrt(sigmaData^2 + sigma^2).
 */
export const INPUT_SCALINGS = ["none", "over-mean", "unit-variance", "edm-c-in"] as const;
export type InputScaling = (typeof INPUT_SCALINGS)[number];

/** What a network's inputs stand for. */
export interface InputConventions {
  readonly timeInput: TimeInput;
  readonly inputScaling: InputScaling;
  /** Standard deviation of the training data, > 0; needed by `edm-raw` and `edm-c-in`. */
  readonly sigmaData?: number;
  /** N, the number of discrete noise levels, >= 2; needed by `step` and `reversed-step`. */
  readonly levels?: number;
  /** The time input is an integer: rounded to the nearest, halves up. */
  readonly integerTime?: boolean;
}

/** A score network's conventions: what its inputs and its output stand for. */
export interface Parameterization extends InputConventions {
  readonly output: OutputKind;
}

/** What a network is given at (x_t, t): network(inputScale x_t, time). */
export interface InputScalars {
  readonly inputScale: number;
  readonly time: number;
}

/** A row's evaluation: output = network(inputScale x_t, time); score = scoreFromInput x_t + scoreFromOutput output. */
export interface EvaluationScalars extends InputScalars {
  readonly scoreFromInput: number;
  readonly scoreFromOutput: number;
}

/**
 * How to get the score of p_t from a network of the given conventions. Pure; float64; no formula subtracts numbers
 * that are nearly equal.
 *
 * @param t diffusion time in (0, T]
 * @throws RangeError for t outside (0, T], where std is 0, or where `sigmaData` or `levels` is missing.
 * @see Song et al. 2021, section 3.3; Karras et al. 2022, table 1; Salimans & Ho 2022, appendix D.
 */
export function evaluationScalars(
  process: ForwardProcess,
  parameterization: Parameterization,
  t: number,
): EvaluationScalars {
  const input = inputScalars(process, parameterization, t);
  const { mean, std } = process.marginal(t);
  return { ...input, ...scoreCoefficients(parameterization, mean, std) };
}

/**
 * What a network of the given conventions is to be given for x_t, such as a noise-conditional classifier. Pure.
 *
 * @param t diffusion time in (0, T]
 * @throws RangeError for t outside (0, T], or where `sigmaData` or `levels` is missing
 */
export function inputScalars(
  process: ForwardProcess,
  conventions: InputConventions,
  t: number,
): InputScalars {
  if (!(t > 0 && t <= process.endTime)) {
    throw new RangeError(`t must be in (0, ${process.endTime}]; seen ${t}`);
  }
  const { mean, std } = process.marginal(t);
  return {
    inputScale: inputScale(conventions, mean, std),
    time: timeInput(process, conventions, t),
  };
}

function sigmaData({ sigmaData }: InputConventions): number {
  if (sigmaData === undefined || !(sigmaData > 0)) {
    throw new RangeError(`sigmaData must be > 0; seen ${sigmaData}`);
  }
  return sigmaData;
}

function lastStep({ levels }: InputConventions): number {
  if (levels === undefined || !(levels >= 2)) {
    throw new RangeError(`levels must be >= 2; seen ${levels}`);
  }
  return levels - 1;
}

/** With sigma = std / mean, c / (mean sqrt(c'^2 + sigma^2)) = c / hypot(mean c', std): no quotient to overflow. */
function inputScale(conventions: InputConventions, mean: number, std: number): number {
  switch (conventions.inputScaling) {
    case "none":
      return 1;
    case "over-mean":
      return 1 / mean;
    case "unit-variance":
      return 1 / Math.hypot(mean, std);
    case "edm-c-in":
      return 1 / Math.hypot(mean * sigmaData(conventions), std);
  }
}

function timeInput(process: ForwardProcess, conventions: InputConventions, t: number): number {
  const time = realTimeInput(process, conventions, t);
  return conventions.integerTime === true ? Math.round(time) : time;
}

function realTimeInput(process: ForwardProcess, conventions: InputConventions, t: number): number {
  const { mean, std } = process.marginal(t);
  switch (conventions.timeInput) {
    case "t":
      return t;
    case "t-times-999":
      return 999 * t;
    case "step":
      return (t / process.endTime) * lastStep(conventions);
    case "reversed-step":
      return ((process.endTime - t) / process.endTime) * lastStep(conventions);
    case "sigma":
      return std / mean;
    case "std":
      return std;
    case "log-sigma":
      return Math.log(std / mean);
    case "log-half-sigma":
      return Math.log(std / (2 * mean));
    case "quarter-log-sigma":
      return Math.log(std / mean) / 4;
    case "negative-log-snr":
      return 2 * Math.log(std / mean);
  }
}

type ScoreCoefficients = Pick<EvaluationScalars, "scoreFromInput" | "scoreFromOutput">;

function scoreCoefficients(
  parameterization: Parameterization,
  mean: number,
  std: number,
): ScoreCoefficients {
  if (!(std > 0)) throw new RangeError(`the marginal std must be > 0; seen ${std}`);
  switch (parameterization.output) {
    case "score":
      return { scoreFromInput: 0, scoreFromOutput: 1 };
    case "score-times-std":
      return { scoreFromInput: 0, scoreFromOutput: 1 / std };
    case "noise":
      return { scoreFromInput: 0, scoreFromOutput: -1 / std };
    case "denoised":
      // n = (x_t - mean x0) / std, score = -n / std
      return { scoreFromInput: -1 / (std * std), scoreFromOutput: mean / (std * std) };
    case "velocity": {
      // With r^2 = mean^2 + std^2: n = (std / r) (x_t / r) + (mean / r) v
      const r = Math.hypot(mean, std);
      return { scoreFromInput: -1 / (r * r), scoreFromOutput: -mean / (std * r) };
    }
    case "edm-raw": {
      // score = (D - y) / (sigma^2 mean), y = x_t / mean; c_skip - 1 = -sigma^2 / (sigma^2 + sigmaData^2)
      const scaledData = mean * sigmaData(parameterization);
      const r = Math.hypot(scaledData, std);
      return { scoreFromInput: -1 / (r * r), scoreFromOutput: scaledData / (std * r) };
    }
  }
}
