import { z } from "zod";
import { type EvaluationEntry, evaluationSchema } from "./manifest-evaluation.ts";
import {
  type ClassifierEntry,
  classifierSchema,
  type ScoreNetworkEntry,
  scoreNetworkSchema,
} from "./manifest-network.ts";
import { type OracleEntry, oracleSchema } from "./manifest-oracle.ts";
import { type ForwardProcessEntry, forwardProcessSchema } from "./manifest-process.ts";
import { checkManifest } from "./manifest-rules.ts";
import {
  ladderSchema,
  type RungEntry,
  type SamplerEntry,
  samplerSchema,
} from "./manifest-sampler.ts";

/** Where the weights come from. */
export interface ProvenanceEntry {
  readonly source?: string;
  readonly license?: string;
  readonly trainedOn?: string;
  readonly checkpointSha256?: string;
  readonly emaRate?: number;
}

/** The contents of a model folder's model.json. */
export interface Manifest {
  readonly $schema?: string;
  readonly formatVersion: 1;
  readonly name: string;
  readonly description?: string;
  readonly shape: { readonly channels: number; readonly height: number; readonly width: number };
  readonly dataRange: readonly [low: number, high: number];
  readonly bits: number;
  readonly classes: readonly string[];
  readonly forwardProcess: ForwardProcessEntry;
  readonly continuous: boolean;
  readonly levels?: number;
  readonly sigmaRange?: readonly [smallest: number, largest: number];
  readonly samplingEps?: number;
  readonly likelihoodEps?: number;
  readonly score: ScoreNetworkEntry;
  readonly classifier?: ClassifierEntry;
  readonly sampler?: SamplerEntry;
  readonly ladder?: readonly RungEntry[];
  readonly provenance?: ProvenanceEntry;
  readonly evaluation?: EvaluationEntry;
  readonly oracle?: OracleEntry;
}

const pixels = z.int().min(1).max(4096);

const provenance = z
  .strictObject({
    source: z.string().exactOptional().describe("Where the weights come from, such as an address."),
    license: z.string().exactOptional().describe("Licence of the weights, as an SPDX identifier."),
    trainedOn: z.string().exactOptional().describe("The training data."),
    checkpointSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .exactOptional()
      .describe("SHA-256 of the checkpoint that was exported."),
    emaRate: z
      .number()
      .min(0)
      .max(1)
      .exactOptional()
      .describe("Rate of the exponential moving average whose weights these are; 0: no average."),
  })
  .describe("Where the weights come from. Informs; nothing depends on it.");

/** The schema of model.json. Strict: a key that it does not know is refused. */
export const manifestSchema: z.ZodType<Manifest> = z
  .strictObject({
    $schema: z.string().exactOptional().describe("Address of this schema, for editors; not read."),
    formatVersion: z.literal(1).describe("Version of this format."),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "expected 1 to 64 of a-z, 0-9, '.', '_', '-'")
      .describe("The name that requests use; unique among the models of a server."),
    description: z.string().exactOptional().describe("One sentence for people."),
    shape: z
      .strictObject({
        channels: z.int().min(1).max(64).describe("Channels of the picture."),
        height: pixels.describe("Rows of pixels."),
        width: pixels.describe("Pixels of a row."),
      })
      .describe("The shape of one picture."),
    dataRange: z
      .tuple([z.number(), z.number()])
      .describe("Values of black and white in the data that the network was trained on."),
    bits: z
      .int()
      .min(1)
      .max(16)
      .default(8)
      .describe("Bits a value was quantised to, for bits/dim."),
    classes: z
      .array(z.string().min(1))
      .default([])
      .describe("Names of the classes, in the order of their index; empty: none."),
    forwardProcess: forwardProcessSchema,
    continuous: z
      .boolean()
      .default(true)
      .describe("Trained at every t; false: at `levels` noise levels only."),
    levels: z
      .int()
      .min(2)
      .exactOptional()
      .describe("Number of noise levels that the time inputs step and reversed-step count."),
    sigmaRange: z
      .tuple([z.number().positive(), z.number().positive()])
      .exactOptional()
      .describe("Smallest and largest sigma = std / mean that the network was trained at."),
    samplingEps: z
      .number()
      .positive()
      .exactOptional()
      .describe("Where reverse time stops when sampling; default: the forward process's."),
    likelihoodEps: z
      .number()
      .positive()
      .exactOptional()
      .describe(
        "Where time starts when encoding or computing a likelihood; default: the forward process's.",
      ),
    score: scoreNetworkSchema,
    classifier: classifierSchema.exactOptional(),
    sampler: samplerSchema.exactOptional(),
    ladder: ladderSchema.exactOptional(),
    provenance: provenance.exactOptional(),
    evaluation: evaluationSchema.exactOptional(),
    oracle: oracleSchema.exactOptional(),
  })
  .superRefine((manifest, context) => {
    for (const { path, message } of checkManifest(manifest)) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
  });
