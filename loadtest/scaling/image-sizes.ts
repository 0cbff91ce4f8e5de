import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../clients/typescript/connect.ts";
import { ImageFormat } from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { runScript, spawnServer } from "../spawn.ts";

/** What a server takes for pictures of a size besides their network. */
export interface SizeRate {
  readonly size: number;
  readonly rows: number;
  readonly stepsPerSecond: number;
  /** Values of pictures that were stepped, in a second. */
  readonly valuesPerSecond: number;
}

/** Values that all rows of a size have together: fewer rows of larger pictures, at least one. */
const VALUES = 3 * 32 * 32 * 256;

/** Pictures of each size out of a network that costs next to nothing (models/generator/white-noise.ts). */
export async function sizeRates(
  sizes: readonly number[],
  steps: number,
): Promise<readonly SizeRate[]> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-sizes-"));
  try {
    await runScript("models/generator/white-noise.js", [folder, ...sizes.map(String)]);
    const server = await spawnServer(["--models", folder, "--log-level", "warn"]);
    const client = connect(server.grpc);
    const rates: SizeRate[] = [];
    try {
      for (const size of sizes) {
        const elements = 3 * size * size;
        const rows = Math.max(1, Math.floor(VALUES / elements));
        const sampler = {
          method: { $case: "predictorCorrector", value: { steps } },
        } as const;
        const request = {
          model: `white-noise-${size}`,
          sampler,
          format: ImageFormat.IMAGE_FORMAT_RAW_UINT8,
        };
        await client.sample({ ...request, seed: 1n }).images();
        const started = performance.now();
        await client.sample({ ...request, count: rows, seed: 2n }).images();
        const seconds = (performance.now() - started) / 1000;
        const stepsPerSecond = (rows * steps) / seconds;
        rates.push({ size, rows, stepsPerSecond, valuesPerSecond: stepsPerSecond * elements });
        process.stdout.write(
          `${size}x${size}: ${stepsPerSecond.toFixed(1)} row steps/s, ${((stepsPerSecond * elements) / 1e6).toFixed(1)} million values/s\n`,
        );
      }
    } finally {
      await client.close();
      await server.stop();
    }
    return rates;
  } finally {
    await rm(folder, { recursive: true });
  }
}
