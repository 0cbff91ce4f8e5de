import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { ConfigError } from "../config/config.ts";
import { withFolder } from "../models/test-model-folder.ts";
import type { DeviceSpec } from "./device-spec.ts";
import { readDevices } from "./read-devices.ts";

/** What a file of this text comes to. */
async function read(text: string, providers = "cpu"): Promise<readonly DeviceSpec[]> {
  return await withFolder(async (folder) => {
    const devices = join(folder, "devices.json");
    await writeFile(devices, text);
    return readDevices({ devices, providers, maxEvaluationMib: 512 });
  });
}

test("without a file there is one device, with the providers of the setting", (t) => {
  const providers = [{ provider: "tensorrt" }, { provider: "cuda" }, { provider: "cpu" }];
  t.deepEqual(
    readDevices({ devices: "", providers: "tensorrt, cuda,cpu", maxEvaluationMib: 512 }) as unknown,
    [{ providers, maxEvaluationMib: 512 }],
  );
});

test("a file has a list of devices, each with providers of its own and their options as they are", async (t) => {
  const options = { preferredLayout: "NHWC" };
  const gpu = {
    name: "gpu",
    deviceId: 1,
    workers: 2,
    batchSizes: [1, 8, 64],
    isolation: "process",
  };
  const webgpu = { provider: "webgpu", options };
  const devices = [
    { ...gpu, providers: ["cuda", webgpu], session: { "session.set_denormal_as_zero": "1" } },
    { providers: ["cpu"], threads: 3, maxEvaluationMib: 100 },
  ];
  t.deepEqual(await read(JSON.stringify({ devices })), [
    // As the setting says where it does not say it itself.
    { ...devices[0], providers: [{ provider: "cuda" }, webgpu], maxEvaluationMib: 512 },
    { providers: [{ provider: "cpu" }], threads: 3, maxEvaluationMib: 100 },
  ] as DeviceSpec[]);
});

const wrong: readonly [text: string, message: RegExp][] = [
  ["{", /devices\.json: .*; expected a JSON file \(docs\/devices\.md\)$/],
  ["{}", /devices: missing, expected an array$/],
  ['{"devices":[]}', /devices: seen \[\], expected at least 1 values$/],
  ['{"devices":[{"providers":[]}]}', /devices\[0\]\.providers: seen \[\], expected at least 1/],
  [
    '{"devices":[{"providers":["rocm"]}]}',
    /devices\[0\]\.providers\[0\]\.provider: seen "rocm", expected one of "tensorrt", "cuda"/,
  ],
  [
    '{"devices":[{"providers":["cpu"],"gpu":1}]}',
    /devices\[0\]\.gpu: no such field; see docs\/devices\.md/,
  ],
  ['{"devices":[{"providers":["cuda"],"workers":0}]}', /\.workers: seen 0, expected at least 1$/],
  [
    '{"devices":[{"providers":["cuda"],"batchSizes":[8,4]}]}',
    /\.batchSizes: seen \[8,4\], expected sizes that ascend$/,
  ],
  [
    '{"devices":[{"providers":["webgpu"],"deviceId":1}]}',
    /\.deviceId: seen 1, expected no number without one of the providers cuda, tensorrt$/,
  ],
  [
    '{"devices":[{"providers":[{"provider":"cpu","options":{"useArena":false}}]}]}',
    /\.providers\[0\]: seen options of cpu, expected none/,
  ],
  [
    '{"devices":[{"providers":[{"provider":"cuda","options":{"deviceId":1}}]}]}',
    /\.providers\[0\]: seen name or deviceId among the options, expected the device's own deviceId$/,
  ],
];

for (const [text, message] of wrong) {
  test(`refused: ${text}`, async (t) => {
    const error = await t.throwsAsync(read(text), { instanceOf: ConfigError });
    t.regex(error.message, /^--devices: /);
    t.regex(error.message, message);
  });
}

test("refused: a file beside --providers, and one that is not there", async (t) => {
  const both = await t.throwsAsync(read('{"devices":[{"providers":["cpu"]}]}', "cuda"), {
    instanceOf: ConfigError,
  });
  t.regex(both.message, /^--providers: seen "cuda" beside --devices, expected one of them/);
  const missing = {
    devices: "/nonexistent/devices.json",
    providers: "cpu",
    maxEvaluationMib: 1,
  };
  t.throws(() => readDevices(missing), {
    instanceOf: ConfigError,
    message: /^--devices: \/nonexistent\/devices\.json: ENOENT/,
  });
});
