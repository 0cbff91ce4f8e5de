import { Command } from "commander";
import type { Client } from "../../typescript/core/client.ts";
import type { FloatTensor } from "../../typescript/core/float-tensor.ts";
import { onArc } from "../../typescript/core/spherical.ts";
import { UsageError } from "../exit-codes.ts";
import { type Input, readInputs } from "../files/input.ts";
import { isNpy } from "../files/npy.ts";
import { IMAGE_FORMAT, OUTPUT_OPTIONS, Output, type OutputFlags } from "../files/output.ts";
import { latentSource, pictureSource, type Resize } from "../files/pictures.ts";
import { readLatents } from "../files/tensors.ts";
import { MOST_RESULTS, PREVIEW_OPTION, RESIZE_OPTION } from "../flags/draw.ts";
import { FLOW_OPTIONS, type FlowFlags, flowOf } from "../flags/flow.ts";
import { JOB_OPTIONS, type JobFlags, jobOptionsOf, MODEL_OPTION } from "../flags/job.ts";
import { addOptions, examples, numberOption } from "../flags/option.ts";
import { SERVER_OPTIONS } from "../flags/server.ts";
import { SHAPE_OPTION, type ShapeFlags } from "../flags/shape.ts";
import { sourcesOf } from "../job/draw-pictures.ts";
import { type FollowFlags, runJob, type Session } from "../job/run-job.ts";

interface InterpolateFlags extends FollowFlags, JobFlags, FlowFlags, OutputFlags, ShapeFlags {
  readonly frames?: number;
  readonly resize?: Resize;
}

const command = new Command("interpolate")
  .description(
    "Draws the pictures between two, both among them: decoded from the arc between their latents.",
  )
  .argument("<from>", "a picture, or its latent as encode writes it")
  .argument("<to>", "the same of the other end")
  .action(async (from: string, to: string, flags: InterpolateFlags) => {
    const { frames = 9, model = "" } = flags;
    const inputs = await readInputs([from, to]);
    const output = new Output(flags, {
      pattern: "interpolated-{row}",
      count: frames,
      words: ["row"],
    });
    const rows = Array.from({ length: frames }, (_, row) => ({ row, name: "", seed: "" }));
    if (!flags.detach) output.check(rows);
    await runJob(flags, {
      what: "pictures",
      count: frames,
      inputs: [from, to],
      outputFor: () => output,
      async begin(session) {
        const [a, b] = await latentsOf(inputs, session, flags);
        const sources = sourcesOf(session, undefined);
        const latents = await Promise.all(
          rows.map(({ row }) => latentSource(between(a, b, row / (frames - 1)), sources)),
        );
        const request = {
          model,
          latents,
          ...flowOf(flags),
          preview: session.preview,
          format: IMAGE_FORMAT[output.format],
          options: jobOptionsOf(flags),
        };
        return session.client.decode(request, { signal: session.signal });
      },
    });
  });

/** The latents of both ends; pictures are encoded, which is a job of its own. */
async function latentsOf(
  inputs: readonly Input[],
  session: Session,
  flags: InterpolateFlags,
): Promise<readonly [FloatTensor, FloatTensor]> {
  const areLatents = inputs.map(({ bytes }) => flags.shape !== undefined || isNpy(bytes));
  if (areLatents[0] !== areLatents[1]) {
    throw new UsageError("seen a picture and a latent, expected two of the same");
  }
  const [a, b, ...others] = areLatents[0]
    ? readLatents(inputs, flags.shape).map(({ tensor }) => tensor)
    : await encoded(session.client, inputs, session, flags);
  if (a !== undefined && b !== undefined && others.length === 0) return [a, b];
  throw new UsageError("seen files of several latents, expected one of each end");
}

async function encoded(
  client: Client,
  inputs: readonly Input[],
  session: Session,
  flags: InterpolateFlags,
): Promise<FloatTensor[]> {
  const sources = sourcesOf(session, flags.resize);
  const images = await Promise.all(inputs.map((input) => pictureSource(input, sources)));
  const { model = "" } = flags;
  // Neither detached nor under the key and the deadline of the job that follows.
  const { tenant = "", priority } = jobOptionsOf(flags);
  const options = priority === undefined ? { tenant } : { tenant, priority };
  const request = { model, images, ...flowOf(flags), options };
  return await client.encode(request, { signal: session.signal }).latents();
}

function between(a: FloatTensor, b: FloatTensor, fraction: number): FloatTensor {
  try {
    return { shape: a.shape, values: onArc(a.values, b.values, fraction) };
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

addOptions(command, "Pictures:", [
  MODEL_OPTION,
  numberOption("--frames <n>", "pictures, both ends among them; left out: 9", {
    least: 2,
    most: MOST_RESULTS,
  }),
  RESIZE_OPTION,
  SHAPE_OPTION,
]);
addOptions(command, "Files:", OUTPUT_OPTIONS);
addOptions(command, "Solver:", FLOW_OPTIONS);
addOptions(command, "Job:", [...JOB_OPTIONS, PREVIEW_OPTION]);

export const interpolate: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples(
    "scorestream interpolate a.png b.png --tolerance 1e-3",
    "scorestream interpolate a.npy b.npy --frames 17 --out 'frames/{row}.png'",
  ),
);
