import { readFile } from "node:fs/promises";
import test from "ava";
import { manifestJsonSchema } from "./json-schema.ts";
import { manifestSchema } from "./manifest.ts";
import { at, exampleManifest, type Json } from "./test-model-folder.ts";

type Changes = Readonly<Json> & { readonly score?: Readonly<Json> };

/** The example with parts of it replaced; `score` is merged. */
function changed({ score, ...rest }: Changes): Json {
  const example = exampleManifest();
  return { ...example, ...rest, score: { ...at(example, "score"), ...score } };
}

/** What was measured, between these quantiles. */
function heldOut(low: number, high: number): Json {
  return { mean: 1.5, low, high, count: 100, pictures: "a test split", measured: "rk45 at 1e-5" };
}

const ve = { kind: "ve", sigmaMin: 0.01, sigmaMax: 50 };
const vp = { kind: "vp", betaMin: 0.1, betaMax: 20 };
const ddpm = { kind: "ddpm", betas: { spacing: "linear", first: 1e-4, last: 0.02, count: 1000 } };

/** Each kind of checkpoint that users have, and what its manifest says. */
const CONVENTIONS: Readonly<Record<string, Changes>> = {
  "score_sde VE": {
    forwardProcess: ve,
    dataRange: [0, 1],
    score: { time: { name: "t", kind: "sigma" }, output: { name: "y", kind: "score" } },
  },
  "score_sde VP": {
    forwardProcess: vp,
    score: { time: { name: "t", kind: "t-times-999" }, output: { name: "y", kind: "noise" } },
  },
  "score_sde sub-VP": {
    forwardProcess: { kind: "subvp", betaMin: 0.1, betaMax: 20 },
    score: { time: { name: "t", kind: "t-times-999" }, output: { name: "y", kind: "noise" } },
  },
  "score_sde DDPM, discrete": {
    forwardProcess: ddpm,
    continuous: false,
    levels: 1000,
    score: { time: { name: "t", kind: "step" }, output: { name: "y", kind: "noise" } },
  },
  "SMLD, NCSNv2": {
    forwardProcess: {
      kind: "smld",
      sigmas: { spacing: "geometric", first: 0.01, last: 50, count: 232 },
    },
    continuous: false,
    levels: 232,
    dataRange: [0, 1],
    score: {
      time: { name: "t", kind: "reversed-step", type: "int64" },
      output: { name: "y", kind: "score" },
    },
  },
  "guided-diffusion: a learned variance beside the noise": {
    forwardProcess: { kind: "ddpm", betas: { file: "betas.json", sha256: "0".repeat(64) } },
    continuous: false,
    levels: 1000,
    classes: ["cat", "dog"],
    score: {
      time: { name: "t", kind: "step", type: "int64" },
      class: { name: "y", encoding: "index" },
      output: { name: "out", kind: "noise", channels: 6 },
    },
  },
  "EDM pickle": {
    forwardProcess: { kind: "edm", sigmaMin: 0.002, sigmaMax: 80 },
    classes: ["cat", "dog"],
    score: {
      input: { name: "x", scaling: "over-mean" },
      time: { name: "sigma", kind: "sigma", type: "float64" },
      class: { name: "label", encoding: "one-hot", type: "float32", nullClass: -1 },
      output: { name: "D", kind: "denoised" },
    },
  },
  "EDM raw": {
    forwardProcess: vp,
    sigmaRange: [0.002, 80],
    score: {
      sigmaData: 0.5,
      input: { name: "x", scaling: "edm-c-in" },
      time: { name: "c_noise", kind: "quarter-log-sigma" },
      output: { name: "F", kind: "edm-raw" },
    },
  },
  "v-diffusion": {
    forwardProcess: { kind: "cosine", logSnrMin: -20, logSnrMax: 20 },
    score: { time: { name: "t", kind: "t" }, output: { name: "v", kind: "velocity" } },
  },
  VDM: {
    forwardProcess: { kind: "cosine", logSnrMin: -5, logSnrMax: 13.3 },
    score: {
      time: { name: "gamma", kind: "negative-log-snr" },
      output: { name: "y", kind: "noise" },
    },
  },
  "a classifier with a normalisation of its own": {
    forwardProcess: ve,
    classes: ["cat", "dog"],
    classifier: {
      file: "classifier.onnx",
      sha256: "0".repeat(64),
      input: {
        name: "x",
        normalization: { mean: [0.491, 0.482, 0.447], std: [0.247, 0.243, 0.262] },
      },
      time: { name: "log_sigma", kind: "log-sigma" },
      output: { name: "logits" },
    },
  },
};

for (const [name, changes] of Object.entries(CONVENTIONS)) {
  test(`can say: ${name}`, (t) => {
    const parsed = manifestSchema.safeParse(changed(changes));
    t.deepEqual(parsed.error?.issues, undefined);
  });
}

/** Fields that are right alone and wrong together, with the field that is blamed. */
const CONTRADICTIONS: readonly (readonly [
  field: string,
  changes: Readonly<Record<string, unknown>>,
])[] = [
  ["dataRange", { dataRange: [1, -1] }],
  ["sigmaRange", { sigmaRange: [80, 0.002] }],
  ["forwardProcess.sigmaMax", { forwardProcess: { kind: "ve", sigmaMin: 1, sigmaMax: 1 } }],
  ["forwardProcess.betaMax", { forwardProcess: { kind: "vp", betaMin: 1, betaMax: 0.5 } }],
  ["forwardProcess.logSnrMax", { forwardProcess: { kind: "cosine", logSnrMin: 1, logSnrMax: 0 } }],
  ["evaluation.heldOutBitsPerDim", { evaluation: { heldOutBitsPerDim: heldOut(2, 1) } }],
  ["samplingEps", { samplingEps: 1 }],
  ["likelihoodEps", { likelihoodEps: 2 }],
  ["classes", { classes: ["a", "a"] }],
  ["classes", { score: { class: { name: "y", encoding: "index" } } }],
  [
    "score.class.nullClass",
    { classes: ["a", "b"], score: { class: { name: "y", encoding: "index", nullClass: 3 } } },
  ],
  [
    "score.class.nullClass",
    { classes: ["a", "b"], score: { class: { name: "y", encoding: "index", nullClass: -1 } } },
  ],
  ["levels", { continuous: false }],
  ["levels", { score: { time: { name: "t", kind: "step" } } }],
  [
    "sampler.predictor",
    {
      forwardProcess: { kind: "subvp", betaMin: 0.1, betaMax: 20 },
      sampler: { method: "predictor-corrector", predictor: "ancestral", steps: 10 },
    },
  ],
  [
    "ladder.0.leastSteps",
    { ladder: [{ method: "fast", solver: "unipc", steps: 10, leastSteps: 11 }] },
  ],
  [
    "ladder.1.predictor",
    {
      forwardProcess: { kind: "subvp", betaMin: 0.1, betaMax: 20 },
      ladder: [
        { method: "fast", solver: "unipc", steps: 10, leastSteps: 5 },
        { method: "predictor-corrector", predictor: "ancestral", steps: 10, leastSteps: 5 },
      ],
    },
  ],
  ["score.sigmaData", { score: { input: { name: "x", scaling: "edm-c-in" } } }],
  ["score.sigmaData", { score: { output: { name: "F", kind: "edm-raw" } } }],
  ["score.output.channels", { score: { output: { name: "y", kind: "score", channels: 2 } } }],
  [
    "score.input.normalization.mean",
    { score: { input: { name: "x", normalization: { mean: [0], std: [1, 1, 1] } } } },
  ],
  ["oracle", { oracle: { kind: "gaussian-mixture", weights: [1], means: [], stds: [1] } }],
  [
    "oracle.weights",
    { oracle: { kind: "gaussian-mixture", weights: [0.5], means: [Array(48).fill(0)], stds: [1] } },
  ],
  ["oracle.means", { oracle: { kind: "gaussian-mixture", weights: [1], means: [[0]], stds: [1] } }],
];

for (const [field, changes] of CONTRADICTIONS) {
  test(`refused for ${field}: ${JSON.stringify(changes).slice(0, 90)}`, (t) => {
    const issues = manifestSchema.safeParse(changed(changes)).error?.issues ?? [];
    const fields = issues.map(({ path }) => path.join("."));
    t.true(fields.includes(field), JSON.stringify(fields));
    t.true(issues.every(({ message }) => /expected|seen/.test(message)));
  });
}

test("docs/model.schema.json is what npm run models:schema writes", async (t) => {
  // Compiled, this file is dist/server/models/manifest.test.js.
  const schema = new URL("../../../docs/model.schema.json", import.meta.url);
  t.deepEqual(JSON.parse(await readFile(schema, "utf8")), JSON.parse(manifestJsonSchema()));
});

interface Field {
  readonly name: string;
  readonly path: string;
  readonly schema: Json;
}

/** Every field of a JSON schema, however deep. */
function* fields(schema: Json, path = ""): Generator<Field, void, undefined> {
  for (const [name, property] of Object.entries(
    (schema.properties ?? {}) as Record<string, Json>,
  )) {
    yield { name, path: `${path}.${name}`, schema: property };
    yield* fields(property, `${path}.${name}`);
  }
  for (const part of [schema.oneOf, schema.anyOf, schema.items].flat()) {
    if (typeof part === "object" && part !== null) yield* fields(part as Json, path);
  }
}

test("every field of the schema is described", (t) => {
  for (const { name, path, schema } of fields(JSON.parse(manifestJsonSchema()) as Json)) {
    // The kind of a forward process is described by its alternative.
    t.true(schema.description !== undefined || (name === "kind" && "const" in schema), path);
  }
});

test("docs/models.md names every field and every value that a field may have", async (t) => {
  const docs = await readFile(new URL("../../../docs/models.md", import.meta.url), "utf8");
  const mentioned = (word: string): boolean =>
    new RegExp(`(?<![\\w-])${word.replaceAll(/[$[\]]/g, "\\$&")}(?![\\w-])`).test(docs);
  for (const { name, path, schema } of fields(JSON.parse(manifestJsonSchema()) as Json)) {
    const named = path.startsWith(".sampler") || path.startsWith(".ladder");
    const values = named ? [] : ((schema.enum ?? []) as string[]);
    for (const word of [name, ...values]) t.true(mentioned(word), `${path}: ${word}`);
  }
});
