import { z } from "zod";

/** Bits per dimension of pictures of the data's kind that the network was not trained on. */
export interface HeldOutEntry {
  readonly mean: number;
  /** Quantiles of 5 % and 95 %. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly pictures: string;
  readonly measured: string;
}

/** What was measured of the model. */
export interface EvaluationEntry {
  readonly heldOutBitsPerDim?: HeldOutEntry;
}

const heldOut: z.ZodType<HeldOutEntry> = z
  .strictObject({
    mean: z.number().describe("Mean over the pictures."),
    low: z.number().describe("Quantile of 5 %."),
    high: z.number().describe("Quantile of 95 %."),
    count: z.int().min(2).describe("Number of pictures."),
    pictures: z.string().min(1).describe("Which pictures, for people."),
    measured: z
      .string()
      .min(1)
      .describe("With which solver, probes and dequantizations, for people."),
  })
  .describe("Bits per dimension of pictures that the network was not trained on.");

export const evaluationSchema: z.ZodType<EvaluationEntry> = z
  .strictObject({ heldOutBitsPerDim: heldOut.exactOptional() })
  .describe("What was measured of the model. Requests are not affected; ListModels has it.");
