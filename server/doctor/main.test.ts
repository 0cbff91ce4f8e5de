import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { withFolder, writeModelFolder } from "../models/test-model-folder.ts";
import { MODELS } from "../testing/start-engine.ts";
import { NO_VULKAN, softwareVulkan } from "../testing/vulkan.ts";
import type { Diagnosis } from "./diagnosis.ts";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const MODEL = "gaussian-mixture-vp";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function doctor(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } };
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const ONE_MODEL = ["--models", MODELS, "--model", MODEL, "--max-rows", "4", "--seconds", "1"];
/** The loader finds no driver, whatever this machine has. */
const NO_DRIVER = { VK_DRIVER_FILES: "/nonexistent/driver_icd.json" };

test("the CPU works and is measured; of what does not work, the reason and what is missing", async (t) => {
  const args = [...ONE_MODEL, "--providers", "cpu,webgpu,tensorrt", "--json"];
  const { code, stdout } = await doctor(args, NO_DRIVER);
  t.is(code, 0);
  const { machine, providers, models, throughput } = JSON.parse(stdout) as Diagnosis;
  t.regex(machine.versions["onnxruntime-node"], /^\d+\.\d+\.\d+$/);
  t.true(machine.cpu.threads >= 1);
  const [cpu, webgpu, tensorrt] = providers;
  t.like(cpu, { provider: "cpu", works: true });
  t.is(webgpu?.works, false);
  t.regex(webgpu?.reason ?? "", /WebGPU/i);
  if (process.platform === "linux") t.regex(webgpu?.missing.join() ?? "", /no .*Vulkan driver: /);
  // Where this machine has TensorRT there is nothing to say.
  if (tensorrt?.works === false && process.platform === "linux") {
    t.true(tensorrt.missing.length > 0, tensorrt.reason);
  }
  t.deepEqual(models.problems, []);
  t.deepEqual(
    throughput.filter(({ provider }) => provider === "cpu").map(({ model }) => model),
    [MODEL],
  );
  const sizes = throughput[0]?.sizes ?? [];
  t.true(sizes.length >= 1);
  t.true(sizes.every(({ rows, evaluationsPerSecond }) => rows >= 1 && evaluationsPerSecond > 0));
  const best = sizes.find(({ rows }) => rows === throughput[0]?.bestRows);
  t.is(best?.evaluationsPerSecond, Math.max(...sizes.map((size) => size.evaluationsPerSecond)));
});

const vulkan = softwareVulkan();
const testWithVulkan = vulkan === undefined ? test.skip : test;
if (vulkan === undefined) test.before((t) => t.log(NO_VULKAN));

testWithVulkan(
  "WebGPU works where there is a driver; the report has a line a model and provider",
  async (t) => {
    const { code, stdout } = await doctor([...ONE_MODEL, "--providers", "cpu,webgpu"], vulkan);
    t.is(code, 0);
    t.regex(stdout, /^webgpu +works$/m);
    t.regex(stdout, /^Vulkan drivers: .*vk_swiftshader_icd\.json$/m);
    t.regex(stdout, new RegExp(`^${MODEL} +cpu +[\\d.]+.* rows$`, "m"));
    t.regex(stdout, new RegExp(`^${MODEL} +webgpu +[\\d.]+.* rows$`, "m"));
  },
);

test("a server's file of devices is tried and measured as the server would run it", async (t) => {
  await withFolder(async (folder) => {
    const file = join(folder, "devices.json");
    const devices = [
      { name: "main", providers: ["webgpu", "cpu"], batchSizes: [2, 4] },
      { providers: ["cpu"], threads: 1 },
    ];
    await writeFile(file, JSON.stringify({ devices }));
    const args = [...ONE_MODEL, "--devices", file];
    const { code, stdout } = await doctor([...args, "--json"], NO_DRIVER);
    t.is(code, 0);
    const { providers, throughput } = JSON.parse(stdout) as Diagnosis;
    t.deepEqual(
      providers.map(({ device, provider, works }) => [device, provider, works]),
      [
        ["main", "webgpu", false],
        ["main", "cpu", true],
        ["device 2", "cpu", true],
      ],
    );
    const measured = throughput.map(({ device, sizes }) => [device, sizes[0]?.rows]);
    t.deepEqual(measured, [
      ["main", 2],
      ["device 2", 1],
    ]);
    const beside = await doctor([...args, "--providers", "cpu"]);
    t.is(beside.code, 2);
    t.regex(beside.stderr, /^--providers: seen beside --devices, expected one of them/);
    await writeFile(file, '{"devices":[{"providers":["rocm"]}]}');
    const wrong = await doctor(args);
    t.is(wrong.code, 2);
    t.regex(wrong.stderr, /^--devices: .*devices\[0\]\.providers\[0\]\.provider: seen "rocm"/);
  });
});

test("exit code 1: no provider works, a model is not there, or one can't be read", async (t) => {
  const nothing = [...ONE_MODEL, "--providers", "webgpu", "--seconds", "0"];
  t.is((await doctor(nothing, NO_DRIVER)).code, 1);
  const quick = ["--providers", "cpu", "--seconds", "0"];
  const unknown = await doctor([...quick, "--models", MODELS, "--model", "none"]);
  t.is(unknown.code, 1);
  t.regex(unknown.stdout, /^model none: seen none, expected one of .*gaussian-mixture-vp/m);
  await withFolder(async (folder) => {
    await writeModelFolder(folder, "broken", { files: { "score.onnx": null } });
    const broken = await doctor([...quick, "--models", folder]);
    t.is(broken.code, 1);
    t.regex(broken.stdout, /^model example: .*score\.file: /m);
  });
});

for (const [args, message] of [
  [["--seconds=-1"], /^--seconds: seen "-1", expected a whole number/],
  [["--seconds", "x"], /^--seconds: seen "x", expected a whole number from 0 to 3600/],
  [["--max-rows", "0"], /^--max-rows: seen "0", expected a whole number from 1 to 4096/],
  [["--providers", "rocm"], /^--providers: seen "rocm", expected some of tensorrt, cuda/],
  [["--gpu"], /'--gpu'/],
  [["now"], /'now'/],
] as const) {
  test(`exit code 2: ${args.join(" ")}`, async (t) => {
    const { code, stderr, stdout } = await doctor(args);
    t.is(code, 2);
    t.is(stdout, "");
    t.regex(stderr, message);
  });
}
