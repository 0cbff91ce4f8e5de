/**
 * What one large picture takes: a sample of 1024x1024 by a thin random network (models/generator/thin-network.ts), with a preview
 * at every step and its result as PNG and raw, which comes in parts. Resident memory of the server's process, by the operating
 * system every few milliseconds (Linux): once it answers, at its peak by then (graphs derived, proved and profiled), and at its
 * peak while the sample is drawn.
 *
 *   npm run bench:large [-- --size 1024 --count 1 --out large.png]
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import { ImageFormat } from "../proto/gen/scorestream/v1/scorestream.ts";
import { machine } from "./machine.ts";
import { runScript, spawnServer } from "./spawn.ts";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1024" },
    count: { type: "string", default: "1" },
    steps: { type: "string", default: "10" },
    out: { type: "string", default: "" },
  },
});
const LOOK_MS = 5;
const MIB = 1024 * 1024;

/** A line of /proc/PID/status, in MiB. */
function mib(pid: number, name: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}

interface Drawn {
  readonly previews: number;
  readonly previewSize: number;
  readonly resultMib: number;
  readonly seconds: number;
}

async function draw(address: string, format: ImageFormat): Promise<Drawn> {
  const client = connect(address);
  const started = performance.now();
  let [previews, previewSize, bytes] = [0, 0, 0];
  try {
    const events = client.sample({
      ...{ model: `thin-${values.size}`, count: Number(values.count), seed: 1n },
      sampler: {
        method: {
          $case: "fast",
          value: { method: "dpm-solver++2m", steps: Number(values.steps) },
        },
      },
      preview: { everySteps: 1 },
      format,
    });
    for await (const { event } of events) {
      if (event?.$case === "preview") {
        previews++;
        previewSize = event.value.image?.shape?.width ?? 0;
      }
      if (event?.$case !== "sampled") continue;
      const { image } = event.value;
      bytes += image?.data.length ?? 0;
      if (values.out !== "" && format === ImageFormat.IMAGE_FORMAT_PNG && image !== undefined) {
        await writeFile(values.out, image.data);
      }
    }
  } finally {
    await client.close();
  }
  const seconds = (performance.now() - started) / 1000;
  return { previews, previewSize, resultMib: bytes / MIB, seconds };
}

const folder = await mkdtemp(join(tmpdir(), "scorestream-large-"));
try {
  await runScript("models/generator/thin-network.js", [folder, values.size]);
  const server = await spawnServer([
    "--models",
    folder,
    "--max-batch-rows",
    "1",
    "--log-level",
    "warn",
  ]);
  const pid = server.process.pid ?? 0;
  const started = { idleMib: mib(pid, "VmRSS"), peakOfStartMib: mib(pid, "VmHWM") };
  process.stdout.write(
    `answers: ${started.idleMib.toFixed(0)} MiB, peak until then ${started.peakOfStartMib.toFixed(0)}\n`,
  );
  const formats = { png: ImageFormat.IMAGE_FORMAT_PNG, raw: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32 };
  const drawn: Record<string, Drawn & { readonly peakMib: number }> = {};
  try {
    for (const [name, format] of Object.entries(formats)) {
      let peakMib = 0;
      const timer = setInterval(() => {
        peakMib = Math.max(peakMib, mib(pid, "VmRSS"));
      }, LOOK_MS);
      try {
        const one = await draw(server.grpc, format);
        drawn[name] = { ...one, peakMib };
        process.stdout.write(
          `${name}: ${one.previews} previews of ${one.previewSize} pixels, ${one.resultMib.toFixed(1)} MiB of results, peak ${peakMib.toFixed(0)} MiB\n`,
        );
      } finally {
        clearInterval(timer);
      }
    }
  } finally {
    await server.stop();
  }
  const figures = {
    ...{ benchmark: "large", ...started, ...drawn },
    ...{ size: Number(values.size), count: Number(values.count) },
    machine: machine(),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await rm(folder, { recursive: true });
}
