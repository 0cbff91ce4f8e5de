import { z } from "zod";
import {
  INPUT_SCALINGS,
  type InputScaling,
  OUTPUT_KINDS,
  type OutputKind,
  TIME_INPUTS,
  type TimeInput,
} from "../../sde/processes/parameterization.ts";
import { type FileEntry, fileFields } from "./manifest-process.ts";

export const FLOAT_TYPES = ["float32", "float16", "float64"] as const;
export const TIME_TYPES = ["float32", "int64", "float16", "float64", "int32"] as const;
export const TIME_SHAPES = ["[batch]", "[batch,1]", "[batch,1,1,1]", "scalar"] as const;
export type FloatType = (typeof FLOAT_TYPES)[number];

/** The image input of a network. */
export interface ImageInputEntry {
  readonly name: string;
  readonly type: FloatType;
  readonly layout: "nchw" | "nhwc";
  readonly scaling: InputScaling;
  readonly normalization?: {
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
}
/** The time input of a network. */
export interface TimeInputEntry {
  readonly name: string;
  readonly kind: TimeInput;
  readonly type: (typeof TIME_TYPES)[number];
  readonly shape: (typeof TIME_SHAPES)[number];
}
/** The class input of a network trained with labels. */
export interface ClassInputEntry {
  readonly name: string;
  readonly encoding: "index" | "one-hot";
  readonly type: "int64" | "float32";
  readonly nullClass?: number;
}
interface NetworkEntry extends FileEntry {
  readonly externalData: readonly FileEntry[];
  readonly batch: "dynamic" | number;
  readonly parameters: number;
  readonly sigmaData?: number;
  readonly input: ImageInputEntry;
  readonly time: TimeInputEntry;
}
/** The score network: its file and its conventions. */
export interface ScoreNetworkEntry extends NetworkEntry {
  readonly class?: ClassInputEntry;
  readonly output: {
    readonly name: string;
    readonly kind: OutputKind;
    readonly type: FloatType;
    readonly channels?: number;
  };
}
/** The noise-conditional classifier p(y | x_t): its file and its conventions. */
export interface ClassifierEntry extends NetworkEntry {
  readonly output: {
    readonly name: string;
    readonly kind: "logits" | "log-probabilities";
    readonly type: FloatType;
  };
}

const tensorName = z.string().min(1);
const perChannel = z.array(z.number()).min(1);

const imageInput = z
  .strictObject({
    name: tensorName.describe("Name of the image input in the ONNX file."),
    type: z.enum(FLOAT_TYPES).default("float32").describe("Its element type."),
    layout: z
      .enum(["nchw", "nhwc"])
      .default("nchw")
      .describe("nchw: [batch, channels, height, width]; nhwc: [batch, height, width, channels]."),
    scaling: z
      .enum(INPUT_SCALINGS)
      .default("none")
      .describe(
        "none: x_t itself; over-mean: x_t / mean = x0 + sigma n; unit-variance: that over sqrt(1 + sigma^2); " +
          "edm-c-in: that over sqrt(sigmaData^2 + sigma^2), EDM's c_in.",
      ),
    normalization: z
      .strictObject({
        mean: perChannel.describe("Subtracted, per channel."),
        std: z.array(z.number().positive()).min(1).describe("Divided by, per channel."),
      })
      .exactOptional()
      .describe(
        "Per-channel normalisation after the scaling, where the file does not do it itself. A file that centres its " +
          "own input (score_sde's VE networks) needs none.",
      ),
  })
  .describe("The image input.");

const timeInput = z
  .strictObject({
    name: tensorName.describe("Name of the time input in the ONNX file."),
    kind: z
      .enum(TIME_INPUTS)
      .describe(
        "With sigma = std / mean. t; t-times-999; step: t (levels - 1); reversed-step: (1 - t) (levels - 1), 0 = most " +
          "noise; sigma; std; log-sigma; log-half-sigma: ln(sigma / 2); quarter-log-sigma: ln(sigma) / 4; " +
          "negative-log-snr: 2 ln sigma.",
      ),
    type: z
      .enum(TIME_TYPES)
      .default("float32")
      .describe("Its element type; an integer type rounds to the nearest integer."),
    shape: z.enum(TIME_SHAPES).default("[batch]").describe("Its shape; one value per row."),
  })
  .describe("The time (noise level) input.");

const classInput = z
  .strictObject({
    name: tensorName.describe("Name of the class input in the ONNX file."),
    encoding: z
      .enum(["index", "one-hot"])
      .describe("index: [batch], position in `classes`; one-hot: [batch, classes]."),
    type: z.enum(["int64", "float32"]).default("int64").describe("Its element type."),
    nullClass: z
      .int()
      .min(-1)
      .exactOptional()
      .describe(
        "The index that means no class, for classifier-free guidance; -1: all zeros (one-hot).",
      ),
  })
  .describe("The class input of a network trained with labels.");

const network = {
  ...fileFields,
  externalData: z
    .array(z.strictObject(fileFields))
    .default([])
    .describe("Files that hold the weights outside the ONNX file, as ONNX's external data."),
  batch: z
    .union([z.literal("dynamic"), z.int().min(1)], {
      error: 'expected "dynamic" or an integer >= 1',
    })
    .default("dynamic")
    .describe("Rows of one evaluation: dynamic, or the number that the file was exported with."),
  parameters: z.int().min(0).default(0).describe("Number of trained parameters; 0: not stated."),
  sigmaData: z
    .number()
    .positive()
    .exactOptional()
    .describe("EDM's sigma_data; needed by the scaling edm-c-in and by the output edm-raw."),
  input: imageInput,
  time: timeInput,
};
const outputName = tensorName.describe("Name of the output in the ONNX file.");
const outputType = z.enum(FLOAT_TYPES).default("float32").describe("Its element type.");

export const scoreNetworkSchema: z.ZodType<ScoreNetworkEntry> = z
  .strictObject({
    ...network,
    class: classInput.exactOptional(),
    output: z
      .strictObject({
        name: outputName,
        kind: z
          .enum(OUTPUT_KINDS)
          .describe(
            "score: the gradient of log p_t in x_t; score-times-std: std * score; noise: n (score_sde's VP networks, " +
              "epsilon); denoised: x0 (EDM's D, sample); velocity: v = mean n - std x0; edm-raw: EDM's F.",
          ),
        type: outputType,
        channels: z
          .int()
          .min(1)
          .exactOptional()
          .describe(
            "Channels of the file's output, where more than the picture's: the first are used, the rest (a learned " +
              "variance) dropped.",
          ),
      })
      .describe("The output; same layout as the input."),
  })
  .describe("The score network.");

export const classifierSchema: z.ZodType<ClassifierEntry> = z
  .strictObject({
    ...network,
    output: z
      .strictObject({
        name: outputName,
        kind: z
          .enum(["logits", "log-probabilities"])
          .default("logits")
          .describe("[batch, classes], before or after the log-softmax."),
        type: outputType,
      })
      .describe("The output."),
  })
  .describe("A noise-conditional classifier p(y | x_t) for guidance, trained on noised pictures.");
