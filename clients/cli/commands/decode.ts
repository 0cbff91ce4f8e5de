import { Command } from "commander";
import type { FloatTensor } from "../../typescript/core/float-tensor.ts";
import type { Uploaded } from "../../typescript/core/source.ts";
import { type Input, readInputs } from "../files/input.ts";
import { IMAGE_FORMAT, OUTPUT_OPTIONS, Output, type OutputFlags } from "../files/output.ts";
import { latentSource } from "../files/pictures.ts";
import { readLatents } from "../files/tensors.ts";
import { PREVIEW_OPTION } from "../flags/draw.ts";
import { FLOW_OPTIONS, type FlowFlags, flowOf } from "../flags/flow.ts";
import { JOB_OPTIONS, type JobFlags, jobOptionsOf, MODEL_OPTION } from "../flags/job.ts";
import { addOptions, examples, numberOption } from "../flags/option.ts";
import { SERVER_OPTIONS } from "../flags/server.ts";
import { SHAPE_OPTION, type ShapeFlags } from "../flags/shape.ts";
import { sourcesOf } from "../job/draw-pictures.ts";
import { type FollowFlags, runJob } from "../job/run-job.ts";

interface DecodeFlags extends FollowFlags, JobFlags, FlowFlags, OutputFlags, ShapeFlags {
  readonly temperature?: number;
}

/** What is decoded, and where it comes from. */
interface Latent {
  readonly input: Input;
  readonly tensor: FloatTensor | Uploaded;
}

const command = new Command("decode")
  .description("Takes latents down the probability flow to their pictures.")
  .argument("<latents...>", ".npy or raw float32, of one latent or several; - is stdin")
  .action(async (paths: readonly string[], flags: DecodeFlags) => {
    const latents = (await readInputs(paths)).flatMap((input): readonly Latent[] => {
      const { uploadId } = input;
      if (uploadId !== undefined) return [{ input, tensor: { uploadId } }];
      return readLatents([input], flags.shape);
    });
    const isSeveral = latents.length > paths.length;
    const output = new Output(flags, {
      pattern: isSeveral ? "{name}-decoded-{row}" : "{name}-decoded",
      count: latents.length,
      words: ["row", "name"],
    });
    const nameOf = (row: number): string => latents[row]?.input.name ?? "";
    if (!flags.detach)
      output.check(latents.map((_, row) => ({ row, name: nameOf(row), seed: "" })));
    await runJob(flags, {
      what: "pictures",
      count: latents.length,
      inputs: latents.map(({ input }) => input.path),
      outputFor: () => output,
      nameOf,
      async begin(session) {
        const sources = sourcesOf(session, undefined);
        const tensors = await Promise.all(
          latents.map(({ tensor }) => latentSource(tensor, sources)),
        );
        const { model = "", temperature = 0 } = flags;
        const request = {
          model,
          latents: tensors,
          temperature,
          ...flowOf(flags),
          preview: session.preview,
          format: IMAGE_FORMAT[output.format],
          options: jobOptionsOf(flags),
        };
        return session.client.decode(request, { signal: session.signal });
      },
    });
  });

addOptions(command, "Latents:", [
  MODEL_OPTION,
  SHAPE_OPTION,
  numberOption("--temperature <x>", "scales the latents; left out: 1", { least: 0, whole: false }),
]);
addOptions(command, "Files:", OUTPUT_OPTIONS);
addOptions(command, "Solver:", FLOW_OPTIONS);
addOptions(command, "Job:", [...JOB_OPTIONS, PREVIEW_OPTION]);

export const decode: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples(
    "scorestream decode digit.npy                       # writes digit-decoded.png",
    "scorestream decode latents.npy --out 'd-{row}.png' # a file a latent",
    "scorestream decode a.f32 --shape 3,32,32 --temperature 0.9",
  ),
);
