import { z } from "zod";

/**
 * The exact distribution of a model that is known in closed form: an isotropic Gaussian mixture, a picture per mean,
 * channels first.
 */
export interface OracleEntry {
  readonly kind: "gaussian-mixture";
  readonly weights: readonly number[];
  readonly means: readonly (readonly number[])[];
  readonly stds: readonly number[];
}

const components = z.array(z.number().positive()).min(1);

export const oracleSchema: z.ZodType<OracleEntry> = z
  .strictObject({
    kind: z.literal("gaussian-mixture").describe("The distribution's family."),
    weights: components.describe("Weight of each component; they add up to 1."),
    means: z
      .array(z.array(z.number()).min(1))
      .min(1)
      .describe("Mean of each component: channels * height * width values, channels first."),
    stds: components.describe("Standard deviation of each component, the same in every direction."),
  })
  .describe("The exact data distribution, where it is known: the truth that tests compare with.");
