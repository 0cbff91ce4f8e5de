import { writeFile } from "node:fs/promises";
import { collectFrames, filmStrip } from "../pictures/film-strip.ts";
import { openProgram } from "./program.ts";

const about = `Asks a running scorestream server for samples with previews and writes them as one picture:
a column a sample, from the first denoised estimate at the top to the sample at the bottom.`;

const { client, values, run } = openProgram(about, {
  count: { value: "N", default: 16, doc: "samples" },
  steps: { value: "N", default: 200, doc: "predictor steps" },
  seed: { value: "N", default: 7, doc: "seed" },
  frames: { value: "N", default: 8, doc: "pictures shown of each sample" },
  out: { value: "FILE", default: "film-strip.png", doc: "PNG to write" },
});

await run(async () => {
  const { steps } = values;
  const events = client.sample({
    model: values.model,
    count: values.count,
    seed: BigInt(values.seed),
    sampler: { method: { $case: "predictorCorrector", value: { steps } } },
    preview: { everySteps: Math.max(1, Math.floor(steps / (2 * values.frames))) },
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
  await writeFile(values.out, await filmStrip(samples, values.frames, 40));
  process.stdout.write(`${values.out}\n`);
});
