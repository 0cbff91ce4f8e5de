import { writeFile } from "node:fs/promises";
import { connect } from "../../clients/typescript/connect.ts";
import { servedRate } from "../overhead/served-rate.ts";
import { spawnServer } from "../spawn.ts";

/** A device, and the job that a server is given there. */
export interface Served {
  readonly provider: string;
  readonly deviceId: number;
  readonly models: string;
  readonly model: string;
  readonly threads: string;
  /** Rows of a batch, of the job, and evaluations of each row. */
  readonly batch: number;
  readonly rows: number;
  readonly steps: number;
}

export interface ServedRate {
  readonly evaluationsPerSecond: number;
  /** Share of the time of its workers in which they had no batch: what the engine, the front end and messages took. */
  readonly idleShare: number;
}

/** Measures a server with so many workers on the device, as often as `measure` is called. */
export interface MeasuredServer {
  measure(): Promise<ServedRate>;
  stop(): Promise<void>;
}

/** Starts a server that runs on one device alone. @param file where its list of devices is written */
export async function startOn(
  served: Served,
  workers: number,
  file: string,
): Promise<MeasuredServer> {
  const { provider, deviceId, models, model, threads, batch, rows, steps } = served;
  const numbered = provider === "cuda" || provider === "tensorrt" ? { deviceId } : {};
  const device = { providers: [provider], workers, ...numbered };
  await writeFile(file, JSON.stringify({ devices: [device] }));
  const server = await spawnServer([
    ...["--models", models, "--default-model", model, "--devices", file, "--threads", threads],
    ...["--max-batch-rows", String(batch), "--max-step-ms", "60000", "--log-level", "warn"],
    ...["--max-active-rows", String(rows), "--metrics", "127.0.0.1:0"],
  ]);
  const client = connect(server.grpc);
  const measure = async (): Promise<ServedRate> => {
    const busyBefore = await busySeconds(server.metrics ?? "");
    const started = performance.now();
    const load = { model, rows, steps, predictor: "euler-maruyama" } as const;
    const evaluationsPerSecond = await servedRate(client, load);
    const seconds = (performance.now() - started) / 1000;
    const busy = (await busySeconds(server.metrics ?? "")) - busyBefore;
    return {
      evaluationsPerSecond,
      idleShare: Math.max(0, 1 - busy / (seconds * workers)),
    };
  };
  // The first job finds nothing warm.
  await measure();
  return {
    measure,
    async stop() {
      await client.close();
      await server.stop();
    },
  };
}

/** Time that a server's workers have spent on batches, as Prometheus is told. @throws Error where it is not told */
async function busySeconds(metrics: string): Promise<number> {
  const text = await (await fetch(metrics)).text();
  const values = [...text.matchAll(/^scorestream_device_busy_total(?:\{.*\})? (\S+)/gm)];
  // Before the first batch there is no such line.
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}
