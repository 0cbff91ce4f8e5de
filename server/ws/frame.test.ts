import test from "ava";
import fc from "fast-check";
import {
  ClientFrame,
  SampleRequest,
  ServerFrame,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { type ErrorCode, ServerError } from "../errors.ts";
import { readFrame, writeFrame } from "./frame.ts";

/** A frame with something in every kind of field, and its proto3 JSON. */
const full = ClientFrame.create({
  id: "a",
  request: {
    $case: "sample",
    value: {
      model: "m",
      count: 4_294_967_295,
      seed: 18_446_744_073_709_551_615n,
      sampler: {
        method: {
          $case: "predictorCorrector",
          value: {
            predictor: "ancestral",
            signalToNoise: Number.POSITIVE_INFINITY,
            correctorFirst: true,
          },
        },
        timeEps: 1e-5,
        denoise: false,
      },
      condition: {
        condition: {
          $case: "inpaint",
          value: { image: { source: { $case: "data", value: Buffer.from([250, 251, 252, 0]) } } },
        },
      },
      preview: { format: 3 },
      options: { deadline: { seconds: 3n, nanos: 250_000_000 }, priority: 2 },
    },
  },
});
const fullJson = {
  id: "a",
  sample: {
    model: "m",
    count: 4_294_967_295,
    seed: "18446744073709551615",
    sampler: {
      predictor_corrector: {
        predictor: "ancestral",
        signal_to_noise: "Infinity",
        correctorFirst: true,
      },
      timeEps: 1e-5,
      denoise: false,
    },
    condition: { inpaint: { image: { data: "-vv8AA" } } },
    preview: { format: "IMAGE_FORMAT_WEBP" },
    options: { deadline: "3.25s", priority: 2 },
    format: null,
  },
};

function readText(json: unknown): ReturnType<typeof readFrame> {
  return readFrame(Buffer.from(typeof json === "string" ? json : JSON.stringify(json)), "text");
}

test("JSON of every kind of field, under either of its names, is what the binary frame is", (t) => {
  t.deepEqual(readText(fullJson), { id: "a", request: full.request });
  const bytes = Buffer.from(ClientFrame.encode(full).finish());
  t.deepEqual(readFrame(bytes, "binary"), { id: "a", request: full.request });
});

const numbers: readonly [json: unknown, seed: bigint][] = [
  ["0", 0n],
  [9_007_199_254_740_991, 9_007_199_254_740_991n],
  ["9007199254740993", 9_007_199_254_740_993n],
];
for (const [json, seed] of numbers) {
  test(`a seed of ${JSON.stringify(json)} keeps every digit`, (t) => {
    const frame = readText({ id: "a", sample: { seed: json } });
    const value = SampleRequest.create({ seed });
    t.deepEqual(frame, { id: "a", request: { $case: "sample", value } });
  });
}

const UINT32 = /expected a whole number from 0 to 4294967295$/;
const wrongJson: readonly [sample: unknown, field: string, seen: string, expected: RegExp][] = [
  [{ count: "abc" }, "count", '"abc"', UINT32],
  [{ count: -1 }, "count", "-1", UINT32],
  [{ count: 1.5 }, "count", "1.5", UINT32],
  [{ count: 1e12 }, "count", "1000000000000", UINT32],
  [{ count: true }, "count", "true", UINT32],
  [{ count: [1] }, "count", "an array", UINT32],
  [{ count: "" }, "count", '""', UINT32],
  [
    { seed: -1 },
    "seed",
    "-1",
    /0 to 18446744073709551615, in a string where it is over 9007199254740991$/,
  ],
  [{ seed: 1e17 }, "seed", "100000000000000000", /in a string/],
  [{ seed: "18446744073709551616" }, "seed", '"18446744073709551616"', /0 to 18446744073709551615/],
  [{ model: 5 }, "model", "5", /expected a string$/],
  [{ sampler: [] }, "sampler", "an array", /expected an object$/],
  [{ sampler: { denoise: "false" } }, "sampler.denoise", '"false"', /expected true or false$/],
  [{ sampler: { time_eps: "1e-5s" } }, "sampler.time_eps", '"1e-5s"', /expected a number$/],
  [{ sampler: { timeEps: {} } }, "sampler.time_eps", "an object", /expected a number$/],
  [
    { format: "PNG" },
    "format",
    '"PNG"',
    /one of IMAGE_FORMAT_UNSPECIFIED \(0\), IMAGE_FORMAT_PNG \(1\)/,
  ],
  [{ preview: { format: 99 } }, "preview.format", "99", /IMAGE_FORMAT_RAW_FLOAT32 \(5\)$/],
  [{ options: { priority: -1 } }, "options.priority", "-1", /PRIORITY_BATCH \(2\)$/],
  [
    { options: { deadline: 3 } },
    "options.deadline",
    "3",
    /a duration in seconds, such as "1\.5s"$/,
  ],
  [{ options: { deadline: { seconds: 3 } } }, "options.deadline", "an object", /such as "1\.5s"$/],
  [
    { condition: { colorize: { gray: { data: "a b" } } } },
    "condition.colorize.gray.data",
    '" " at character 2',
    /expected a string of base64$/,
  ],
  [{ cout: 3 }, "cout", '"cout"', /a field of SampleRequest: one of model, count, seed, /],
  [
    { sampler: { predictorCorrector: { stepz: 5 } } },
    "sampler.predictor_corrector.stepz",
    '"stepz"',
    /one of predictor, corrector, steps, corrector_steps, signal_to_noise, corrector_first, leapfrog_steps$/,
  ],
  [
    { sampler: { fast: {}, probability_flow: {} } },
    "sampler.probability_flow",
    "an object",
    /expected nothing beside fast: one of them at a time$/,
  ],
  [
    { sampler: { timeEps: 1, time_eps: 2 } },
    "sampler.time_eps",
    "2",
    /expected nothing beside timeEps/,
  ],
];
for (const [sample, field, seen, expected] of wrongJson) {
  test(`JSON ${JSON.stringify(sample)} is refused by its field`, (t) => {
    const frame = readText({ id: "a", sample });
    if (!("error" in frame)) return t.fail("it was read");
    t.is(frame.id, "a");
    t.is(frame.error.code, "invalid-argument");
    t.true(frame.error.message.startsWith(`${field}: seen ${seen}, `), frame.error.message);
    t.regex(frame.error.message, expected);
  });
}

const wrongFrames: readonly [text: string, code: ErrorCode, message: RegExp][] = [
  ["hello", "malformed-frame", /^the text frame is not JSON: /],
  ["", "malformed-frame", /^the text frame is not JSON: /],
  ["[]", "malformed-frame", /^the text frame is not a JSON object/],
  ["null", "malformed-frame", /^the text frame is not a JSON object/],
  [
    '{"id":"a"}',
    "malformed-frame",
    /^the frame has no request, expected one of list_models, sample, /,
  ],
  ['{"id":"a","sample":null}', "malformed-frame", /^the frame has no request/],
  ['{"id":"a","sample":5}', "invalid-argument", /^SampleRequest: seen 5, expected an object$/],
  [
    '{"id":"a","smaple":{}}',
    "invalid-argument",
    /^smaple: .* a field of ClientFrame: one of id, list_models, sample/,
  ],
  ['{"id":"a","sample":{},"watch":{}}', "invalid-argument", /^watch: .*nothing beside sample/],
  ['{"id":5,"sample":{}}', "invalid-argument", /^id: seen 5, expected a string$/],
  ['{"sample":{}}', "invalid-argument", /^id: seen "", expected 1 to 128 characters/],
  [
    `{"id":"${"x".repeat(129)}","sample":{}}`,
    "invalid-argument",
    /^id: seen "x{20}\.\.\. of 129 characters", /,
  ],
  ['{"id":"a","__proto__":{}}', "invalid-argument", /^__proto__: /],
];
for (const [text, code, message] of wrongFrames) {
  test(`a frame ${text.slice(0, 60)} is refused`, (t) => {
    const frame = readText(text);
    if (!("error" in frame)) return t.fail("it was read");
    t.is(frame.error.code, code);
    t.regex(frame.error.message, message);
    t.is(frame.id, /^\{"id":"a"/.test(text) ? "a" : "");
  });
}

test("whatever bytes come, the answer is a request or an error of the caller's", (t) => {
  const check = (): void =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom("text", "binary"),
        (bytes, kind) => {
          const frame = readFrame(Buffer.from(bytes), kind);
          return !("error" in frame) || frame.error.code !== "internal";
        },
      ),
      { numRuns: 5000 },
    );
  t.notThrows(check);
});

test("a binary frame that is cut anywhere is refused or lacks what was cut", (t) => {
  const bytes = Buffer.from(ClientFrame.encode(full).finish());
  for (let length = 0; length < bytes.length; length++) {
    const frame = readFrame(bytes.subarray(0, length), "binary");
    if (!("error" in frame)) return t.fail(`cut at ${length}, it was read`);
    t.not(frame.error.code, "internal");
  }
});

test("an error in a binary frame goes back to the request's id", (t) => {
  const bytes = Buffer.from([0x0a, 1, 0x61, 0x1a, 3, 0x12, 1, 0x61]); // id "a", sample { count: "a" }
  const frame = readFrame(bytes, "binary");
  t.is(frame.id, "a");
  t.regex(
    "error" in frame ? frame.error.message : "",
    /^count: seen protobuf wire type 2, expected 0$/,
  );
});

test("nesting as deep as a frame can have is refused, not followed", (t) => {
  const deep = 1_000_000;
  const frame = readText(`{"id":"a","sample":{"count":${"[".repeat(deep)}${"]".repeat(deep)}}}`);
  t.true("error" in frame && frame.error instanceof ServerError);
});

test("answers in JSON are proto3 JSON: durations and large numbers in strings, bytes in base64", (t) => {
  const error = {
    code: "queue-full",
    grpcStatus: "RESOURCE_EXHAUSTED",
    message: "full",
    retryAfter: { seconds: 1n, nanos: 50_000_000 },
  };
  const text = writeFrame({ id: "a", response: { $case: "error", value: error } }, "text");
  t.deepEqual(JSON.parse(String(text)), { id: "a", error: { ...error, retryAfter: "1.05s" } });
  const event = ServerFrame.create({
    id: "b",
    response: {
      $case: "event",
      value: {
        jobId: "j",
        sequence: 2n,
        event: {
          $case: "accepted",
          value: { rows: 1, expectedWait: { seconds: 2n }, expectedDuration: {} },
        },
      },
    },
  });
  t.deepEqual(JSON.parse(String(writeFrame(event, "text"))), {
    id: "b",
    event: {
      jobId: "j",
      sequence: "2",
      accepted: { rows: 1, expectedWait: "2s", expectedDuration: "0s" },
    },
  });
  const binary = writeFrame(event, "binary");
  t.deepEqual(typeof binary === "string" ? undefined : ServerFrame.decode(binary), event);
});
