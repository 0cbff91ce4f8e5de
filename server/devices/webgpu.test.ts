/** WebGPU without a GPU: on SwiftShader, a Vulkan driver that runs on the CPU. */
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  type Device,
  ImageFormat,
  type JobEvent,
  SampleRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Config } from "../config/config.ts";
import { withFolder } from "../models/test-model-folder.ts";
import { connectGrpc, listModels, readAll } from "../testing/grpc-client.ts";
import { startService } from "../testing/start-service.ts";
import { NO_VULKAN, softwareVulkan } from "../testing/vulkan.ts";

const STEPS = 20;
/** Both round float32 at every step, in orders of their own. */
const MOST_DIFFERENCE = 1e-3;

const vulkan = softwareVulkan();
// Workers with WebGPU are processes, and inherit these.
Object.assign(process.env, vulkan);
const testWithVulkan = vulkan === undefined ? test.skip : test.serial;
if (vulkan === undefined) test.before((t) => t.log(NO_VULKAN));

/** A device, as GET /v1/devices tells of it. */
interface Told {
  readonly device: string;
  readonly provider: string;
  readonly batchSizes: readonly number[];
  readonly skipped: readonly { readonly provider: string; readonly reason: string }[];
}

interface SampleOptions {
  readonly strict?: boolean;
  readonly onProgress?: () => void;
}

interface Started {
  /** Draws so many samples, each float32[3, 4, 4], one after the other. */
  sample(count: number, options?: SampleOptions): Promise<number[]>;
  /** The batches that each device has done. */
  batches(): Promise<Record<string, number>>;
  /** What the operator is told of the devices. */
  devices(): Promise<readonly Told[]>;
  /** What callers are told of them. */
  told(): Promise<readonly Device[]>;
}

async function start(t: ExecutionContext, changes: Partial<Config>): Promise<Started> {
  const addresses = { admin: "127.0.0.1:0", metrics: "127.0.0.1:0" };
  const server = await startService({ maxBatchRows: 8, ...addresses, ...changes });
  const client = connectGrpc(server.grpcPort);
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  return {
    async sample(count, { strict = false, onProgress } = {}) {
      const method = {
        $case: "predictorCorrector",
        value: { predictor: "euler-maruyama", corrector: "none", steps: STEPS },
      } as const;
      const format = ImageFormat.IMAGE_FORMAT_RAW_FLOAT32;
      const asked = { count, seed: 3n, format, sampler: { method } };
      const stream = client.sample(SampleRequest.fromPartial({ ...asked, options: { strict } }));
      if (onProgress !== undefined) {
        stream.on("data", ({ event }: JobEvent) => {
          if (event?.$case === "progress") onProgress();
        });
      }
      const { events, status } = await readAll(stream);
      t.is(status.details, "OK");
      const samples: number[][] = [];
      for (const { event } of events) {
        if (event?.$case !== "sampled") continue;
        const bytes = new Uint8Array(event.value.image?.data ?? []);
        samples[event.value.row] = [...new Float32Array(bytes.buffer)];
      }
      t.is(samples.flat().length, 48 * count);
      return samples.flat();
    },
    async batches() {
      const text = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
      const counts = text.matchAll(
        /^scorestream_batch_duration_count\{.*scorestream_device="(.*?)".*\} (\d+)/gm,
      );
      const byDevice: Record<string, number> = {};
      for (const [, device = "", count] of counts) {
        byDevice[device] = (byDevice[device] ?? 0) + Number(count);
      }
      return byDevice;
    },
    async told() {
      return (await listModels(client)).devices;
    },
    async devices() {
      const response = await fetch(`http://127.0.0.1:${server.adminPort}/v1/devices`);
      return ((await response.json()) as { devices: Told[] }).devices;
    },
  };
}

function difference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}

/** Processes of this one that run networks. */
function workerProcesses(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return Number(parent) === process.pid && command.includes("worker/main.js");
      } catch {
        return false; // it has ended
      }
    });
}

testWithVulkan("samples are those of the CPU, also where a worker dies on the way", async (t) => {
  const cpu = await start(t, { providers: "cpu" });
  const gpu = await start(t, { providers: "webgpu,cpu" });
  const [device] = await gpu.devices();
  t.like(device, { device: "webgpu", provider: "webgpu", isolation: "process", skipped: [] });
  t.deepEqual(device?.batchSizes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]);
  const expected = await cpu.sample(5);
  const seen = await gpu.sample(5);
  t.true(difference(seen, expected) < MOST_DIFFERENCE, `${difference(seen, expected)}`);
  t.notDeepEqual(seen, expected, "bits as of the CPU: nothing ran on the GPU");
  t.deepEqual(Object.keys(await gpu.batches()), ["webgpu"]);

  const before = workerProcesses();
  t.true(before.length >= 1);
  let killed = false;
  const onProgress = (): void => {
    if (killed) return;
    killed = true;
    for (const pid of before) process.kill(pid, "SIGKILL");
  };
  const disturbed = await gpu.sample(5, { onProgress });
  t.true(killed);
  t.deepEqual(disturbed, seen, "a step that runs again gives the same");
  t.deepEqual(
    workerProcesses().filter((pid) => before.includes(pid)),
    [],
  );
});

testWithVulkan(
  "a CPU helps a GPU out, and the samples are the same but for rounding",
  async (t) => {
    await withFolder(async (folder) => {
      const devices = join(folder, "devices.json");
      const gpu = { name: "gpu", providers: ["webgpu"], workers: 1, batchSizes: [1, 4] };
      await writeFile(devices, JSON.stringify({ devices: [gpu, { providers: ["cpu"] }] }));
      const mixed = await start(t, { devices, maxBatchRows: 4 });
      const cpu = await start(t, {});
      const [seen, expected] = [await mixed.sample(32), await cpu.sample(32)];
      t.true(difference(seen, expected) < MOST_DIFFERENCE, `${difference(seen, expected)}`);
      const { gpu: led = 0, cpu: helped = 0 } = await mixed.batches();
      t.true(led > 0 && helped > 0, `${led} batches on the GPU, ${helped} on the CPU`);
      // Strict rows have the bits of one kind of device.
      await mixed.sample(8, { strict: true });
      t.is((await mixed.batches()).cpu, helped);
      t.deepEqual(
        (await mixed.devices()).map(({ device }) => device),
        ["gpu", "cpu"],
      );
    });
  },
);

test.serial(
  "without a driver the next provider serves, and the operator is told why",
  async (t) => {
    const driver = process.env.VK_DRIVER_FILES;
    process.env.VK_DRIVER_FILES = "/nonexistent/driver_icd.json";
    t.teardown(() => {
      if (driver === undefined) delete process.env.VK_DRIVER_FILES;
      else process.env.VK_DRIVER_FILES = driver;
    });
    const fallen = await start(t, { providers: "webgpu,cpu" });
    const [device] = await fallen.devices();
    t.is(device?.provider, "cpu");
    const [skipped] = device?.skipped ?? [];
    t.is(skipped?.provider, "webgpu");
    t.regex(skipped?.reason ?? "", /WebGPU|webgpu/);
    t.regex(skipped?.reason ?? "", /no Vulkan driver: /);
    // Callers are told which, and no more.
    t.deepEqual(await fallen.told(), [
      { name: "cpu", provider: "cpu", out: false, skipped: ["webgpu"] },
    ]);
    await fallen.sample(1);

    const error = await t.throwsAsync(startService({ providers: "webgpu" }), {
      name: "ConfigError",
    });
    t.regex(
      error?.message ?? "",
      /^none of the providers webgpu works here: webgpu: .*; expected /,
    );
  },
);
