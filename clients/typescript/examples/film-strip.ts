import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { connect } from "../connect.ts";
import { collectFrames, filmStrip } from "../pictures/film-strip.ts";

const help = `Asks a running scorestream server for samples with previews and writes them as one picture:
a column a sample, from the first denoised estimate at the top to the sample at the bottom.

  node dist/clients/typescript/examples/film-strip.js [options]

  --target HOST:PORT  gRPC address of the server (127.0.0.1:50051)
  --model NAME        model (color-digits)
  --count N           samples (16)
  --steps N           predictor steps (200)
  --seed N            seed (7)
  --frames N          pictures shown of each sample (8)
  --out FILE          PNG to write (film-strip.png)
`;

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "127.0.0.1:50051" },
    model: { type: "string", default: "color-digits" },
    count: { type: "string", default: "16" },
    steps: { type: "string", default: "200" },
    seed: { type: "string", default: "7" },
    frames: { type: "string", default: "8" },
    out: { type: "string", default: "film-strip.png" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}

const client = connect(values.target);
try {
  const steps = Number(values.steps);
  const events = client.sample({
    model: values.model,
    count: Number(values.count),
    seed: BigInt(values.seed),
    sampler: { method: { $case: "predictorCorrector", value: { steps } } },
    preview: { everySteps: Math.max(1, Math.floor(steps / (2 * Number(values.frames)))) },
  });
  let previews = 0;
  const samples = await collectFrames(events, ({ event }) => {
    if (event?.$case === "accepted") {
      const { rows, expectedEvaluations } = event.value;
      process.stderr.write(`accepted: ${rows} samples, ${expectedEvaluations} evaluations each\n`);
    } else if (event?.$case === "preview") {
      previews++;
    } else if (event?.$case === "completed") {
      const { evaluations, meanBatchRows, running } = event.value;
      const seconds = Number(running?.seconds ?? 0n) + (running?.nanos ?? 0) / 1e9;
      process.stderr.write(
        `completed: ${evaluations} evaluations in ${seconds.toFixed(1)} s, ` +
          `${meanBatchRows.toFixed(1)} rows a batch, ${previews} previews\n`,
      );
    }
  });
  await writeFile(values.out, await filmStrip(samples, Number(values.frames), 40));
  process.stdout.write(`${values.out}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await client.close();
}
