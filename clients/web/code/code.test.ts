import test from "ava";
import { inpaint, ofClass, superResolve } from "../../typescript/core/conditions.ts";
import type { JobCall } from "../connection.ts";
import { toCommandLine } from "./command-line.ts";
import { shortBase64, toJson } from "./json.ts";
import { toPython } from "./python.ts";
import { inputFiles, saidBy } from "./request-values.ts";
import { toTypeScript } from "./typescript.ts";

const [IMAGE, MASK] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];

const FILLING: JobCall = {
  $case: "sample",
  value: {
    model: "color-digits",
    count: 3,
    seed: 7n,
    sampler: {
      method: {
        $case: "predictorCorrector",
        value: { predictor: "ancestral", corrector: "langevin", steps: 50, signalToNoise: 0.16 },
      },
    },
    condition: inpaint({
      image: IMAGE,
      mask: MASK,
      class: { label: "7", guidanceScale: 2 },
      resampleJumps: 4,
    }),
    preview: { everySteps: 2, format: 3 },
    format: 3,
    options: { priority: 2, strict: false, deadline: { seconds: 1n, nanos: 500_000_000 } },
  },
};

test("as JSON: a frame of the WebSocket, without what is left out anyway", (t) => {
  t.deepEqual(JSON.parse(toJson(FILLING)), {
    id: "1",
    sample: {
      model: "color-digits",
      count: 3,
      seed: "7",
      sampler: {
        predictorCorrector: {
          predictor: "ancestral",
          corrector: "langevin",
          steps: 50,
          signalToNoise: 0.16,
        },
      },
      condition: {
        inpaint: {
          image: { data: "AQID" },
          mask: { data: "BA==" },
          classLabel: { label: "7", guidanceScale: 2 },
          resampleJumps: 4,
        },
      },
      preview: { everySteps: 2, format: "IMAGE_FORMAT_WEBP" },
      format: "IMAGE_FORMAT_WEBP",
      options: { priority: "PRIORITY_BATCH", deadline: "1.5s" },
    },
  });
  t.true(toJson(FILLING, shortBase64).includes('"AQID… 3 bytes"'));
});

test("as TypeScript", (t) => {
  t.is(
    toTypeScript(FILLING, "ws://127.0.0.1:8080"),
    `import { readFile, writeFile } from "node:fs/promises";
import { connect, inpaint } from "scorestream-client";

const client = connect("ws://127.0.0.1:8080");
const images = await client.sample({
  model: "color-digits",
  count: 3,
  seed: 7n,
  sampler: {
    method: {
      $case: "predictorCorrector",
      value: {
        predictor: "ancestral",
        corrector: "langevin",
        steps: 50,
        signalToNoise: 0.16,
      },
    },
  },
  options: {
    priority: 2,
    deadline: {
      seconds: 1n,
      nanos: 500000000,
    },
  },
  condition: inpaint({
    image: await readFile("image.png"),
    mask: await readFile("mask.png"),
    resampleJumps: 4,
    class: {
      label: "7",
      guidanceScale: 2,
    },
  }),
}).images();
for (const [i, { data }] of images.entries()) await writeFile("sample-" + i + ".png", data);
await client.close();
`,
  );
});

test("as Python", (t) => {
  t.is(
    toPython(FILLING, "127.0.0.1:50051"),
    `from scorestream import Client, JobOptions, Sampler, inpaint

client = Client("127.0.0.1:50051")
job = client.sample(
    model="color-digits",
    count=3,
    seed=7,
    sampler=Sampler(predictor_corrector={"predictor": "ancestral", "corrector": "langevin", "steps": 50, "signal_to_noise": 0.16}),
    condition=inpaint("image.png", "mask.png", label="7", guidance_scale=2, resample_jumps=4),
    options=JobOptions(priority="PRIORITY_BATCH", deadline={"seconds": 1, "nanos": 500000000}),
)
for i, image in enumerate(job.images()):
    image.save(f"sample-{i}.png")
`,
  );
});

test("as a command", (t) => {
  t.is(
    toCommandLine(FILLING, "ws://127.0.0.1:8080"),
    `scorestream inpaint \\
  --image image.png \\
  --mask mask.png \\
  --resample-jumps 4 \\
  --class 7 \\
  --guidance 2 \\
  --count 3 \\
  --sampler ancestral+langevin \\
  --steps 50 \\
  --snr 0.16 \\
  --seed 7 \\
  --model color-digits \\
  --priority batch \\
  --deadline 1.5s \\
  --server ws://127.0.0.1:8080
`,
  );
});

test("the files of a request are named after their fields", (t) => {
  t.deepEqual(inputFiles(saidBy(FILLING)), [
    { name: "image.png", bytes: IMAGE },
    { name: "mask.png", bytes: MASK },
  ]);
  const small: JobCall = { $case: "sample", value: { condition: superResolve(IMAGE, 8) } };
  t.deepEqual(inputFiles(saidBy(small)), [{ name: "low-resolution.png", bytes: IMAGE }]);
  t.true(
    toCommandLine(small, "ws://a").startsWith(
      "scorestream upscale \\\n  low-resolution.png \\\n  --factor 8",
    ),
  );
  t.regex(
    toTypeScript(small, "ws://a"),
    /condition: superResolve\(await readFile\("low-resolution.png"\), 8\)/,
  );
  const likelihood: JobCall = {
    $case: "logLikelihood",
    value: { images: [IMAGE, MASK], probes: 2 },
  };
  t.deepEqual(
    inputFiles(saidBy(likelihood)).map(({ name }) => name),
    ["images-1.png", "images-2.png"],
  );
  t.regex(
    toCommandLine(likelihood, "ws://a"),
    /^scorestream likelihood \\\n {2}images-1.png \\\n {2}images-2.png \\\n {2}--probes 2/,
  );
  t.regex(
    toPython(likelihood, "a:1"),
    /job = client.log_likelihood\(\n {4}images=\["images-1.png", "images-2.png"\],/,
  );
});

test("an interpolation: one call of each client, one command, and the first of two frames", (t) => {
  const solver = { solver: "rk45", relativeTolerance: 1e-3, absoluteTolerance: 1e-3 };
  const value = { model: "color-digits", images: [IMAGE, MASK], solver, frames: 9 };
  const arc = { $case: "interpolate", value } as const;
  t.is(
    toCommandLine(arc, "ws://a"),
    `scorestream interpolate \\
  images-1.png \\
  images-2.png \\
  --frames 9 \\
  --tolerance 0.001 \\
  --model color-digits \\
  --server ws://a
`,
  );
  t.is(
    toPython(arc, "a:1"),
    `from scorestream import Client, ProbabilityFlow, interpolate

client = Client("a:1")
images = interpolate(
    client,
    "images-1.png",
    "images-2.png",
    model="color-digits",
    solver=ProbabilityFlow(solver="rk45", relative_tolerance=0.001, absolute_tolerance=0.001),
    frames=9,
)
for i, image in enumerate(images):
    image.save(f"between-{i}.png")
`,
  );
  t.is(
    toTypeScript(arc, "ws://a"),
    `import { readFile, writeFile } from "node:fs/promises";
import { connect, interpolate } from "scorestream-client";

const client = connect("ws://a");
const images = await interpolate(client, await readFile("images-1.png"), await readFile("images-2.png"), {
  model: "color-digits",
  solver: {
    solver: "rk45",
    relativeTolerance: 0.001,
    absoluteTolerance: 0.001,
  },
  frames: 9,
});
for (const [i, { data }] of images.entries()) await writeFile("sample-" + i + ".png", data);
await client.close();
`,
  );
  t.like(JSON.parse(toJson(arc)), {
    encode: { model: "color-digits", images: [{ data: "AQID" }, { data: "BA==" }], solver },
  });
});

test("a class that a shell would read otherwise is quoted", (t) => {
  const call: JobCall = { $case: "sample", value: { condition: ofClass({ label: "it's a dog" }) } };
  t.true(toCommandLine(call, "ws://a").includes(`--class 'it'\\''s a dog'`));
});
