import { z } from "zod";

/** An evenly spaced table: `count` values from `first` to `last`, ends included. */
export interface SpacedTable {
  /** linear: even; geometric: even in the logarithm; quadratic: even in the square root. */
  readonly spacing: "linear" | "geometric" | "quadratic";
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** A file of the model folder, by content. */
export interface FileEntry {
  readonly file: string;
  readonly sha256: string;
}

/** A table of one number per noise level: in place, by rule, or a JSON file that holds an array. */
export type NumberTable = readonly number[] | SpacedTable | FileEntry;

/** The forward process of a manifest; the field's own names. */
export type ForwardProcessEntry =
  | { readonly kind: "ve"; readonly sigmaMin: number; readonly sigmaMax: number }
  | { readonly kind: "vp"; readonly betaMin: number; readonly betaMax: number }
  | { readonly kind: "subvp"; readonly betaMin: number; readonly betaMax: number }
  | { readonly kind: "ddpm"; readonly betas: NumberTable }
  | { readonly kind: "smld"; readonly sigmas: NumberTable }
  | { readonly kind: "edm"; readonly sigmaMin: number; readonly sigmaMax: number }
  | { readonly kind: "cosine"; readonly logSnrMin: number; readonly logSnrMax: number };

const relativePath = z
  .string()
  .min(1)
  .describe("Path of a file inside the model's folder, with forward slashes.");

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hexadecimal digits")
  .describe("SHA-256 of the file's bytes, in lower-case hexadecimal.");

/** `file` and `sha256`, the two fields of everything that names a file. */
export const fileFields: {
  readonly file: z.ZodType<string>;
  readonly sha256: z.ZodType<string>;
} = { file: relativePath, sha256 };

const positive = z.number().positive();

const numberTable: z.ZodType<NumberTable> = z.union(
  [
    z.array(positive).min(2).describe("The values, noise level 0 first."),
    z
      .strictObject({
        spacing: z
          .enum(["linear", "geometric", "quadratic"])
          .describe("Even in the value, in its logarithm, or in its square root."),
        first: positive.describe("Value of noise level 0."),
        last: positive.describe("Value of the last noise level."),
        count: z.int().min(2).describe("Number of noise levels."),
      })
      .describe("The values by rule."),
    z
      .strictObject(fileFields)
      .describe("A JSON file in the folder that holds an array of numbers."),
  ],
  {
    error: "expected an array of numbers > 0, { spacing, first, last, count } or { file, sha256 }",
  },
);

const sigmas = {
  sigmaMin: positive.describe("Smallest noise level, at t = 0."),
  sigmaMax: positive.describe("Largest noise level, at t = 1."),
};
const betas = {
  betaMin: positive.describe("beta(0), per unit of time."),
  betaMax: positive.describe("beta(1), per unit of time."),
};

export const forwardProcessSchema: z.ZodType<ForwardProcessEntry> = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("ve"), ...sigmas })
      .describe("Variance exploding: sigma(t) = sigmaMin (sigmaMax / sigmaMin)^t, mean 1."),
    z
      .strictObject({ kind: z.literal("vp"), ...betas })
      .describe("Variance preserving: beta(t) = betaMin + t (betaMax - betaMin)."),
    z
      .strictObject({ kind: z.literal("subvp"), ...betas })
      .describe("Sub-VP: the drift of vp, its marginal std the marginal variance of vp."),
    z
      .strictObject({
        kind: z.literal("ddpm"),
        betas: numberTable.describe("beta_k of each noise level, least noise first, in (0, 1)."),
      })
      .describe("DDPM's discrete process: alphaBar_k is the product of 1 - beta_i up to k."),
    z
      .strictObject({
        kind: z.literal("smld"),
        sigmas: numberTable.describe("sigma_k of each noise level, least noise first."),
      })
      .describe("SMLD's (NCSN's) discrete process: mean 1, std sigma_k."),
    z
      .strictObject({ kind: z.literal("edm"), ...sigmas })
      .describe("EDM: mean 1, std t; the time is sigma itself, from sigmaMin to sigmaMax."),
    z
      .strictObject({
        kind: z.literal("cosine"),
        logSnrMin: z.number().describe("Lowest log signal-to-noise ratio, at t = 1."),
        logSnrMax: z.number().describe("Highest log signal-to-noise ratio, at t = 0."),
      })
      .describe("Cosine: std / mean = tan(pi t / 2), mean^2 + std^2 = 1, cut at the two ratios."),
  ])
  .describe("The forward process and its constants.");
