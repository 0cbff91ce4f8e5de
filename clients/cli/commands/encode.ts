import { Command } from "commander";
import { readInputs } from "../files/input.ts";
import { LATENT_OUTPUT_OPTIONS, Output, type OutputFlags } from "../files/output.ts";
import { pictureSource, type Resize } from "../files/pictures.ts";
import { RESIZE_OPTION } from "../flags/draw.ts";
import { FLOW_OPTIONS, type FlowFlags, flowOf } from "../flags/flow.ts";
import { JOB_OPTIONS, type JobFlags, jobOptionsOf, MODEL_OPTION } from "../flags/job.ts";
import { addOptions, examples } from "../flags/option.ts";
import { SERVER_OPTIONS } from "../flags/server.ts";
import { sourcesOf } from "../job/draw-pictures.ts";
import { type FollowFlags, runJob } from "../job/run-job.ts";

interface EncodeFlags extends FollowFlags, JobFlags, FlowFlags, OutputFlags {
  readonly resize?: Resize;
}

const command = new Command("encode")
  .description(
    "Takes pictures up the probability flow to their latents, for decode and interpolate.",
  )
  .argument("<pictures...>", "files, or .npy of exact values; - is stdin")
  .action(async (paths: readonly string[], flags: EncodeFlags) => {
    const inputs = await readInputs(paths);
    const output = new Output(flags, {
      pattern: "{name}",
      count: inputs.length,
      words: ["row", "name"],
      formats: ["npy", "raw"],
    });
    const nameOf = (row: number): string => inputs[row]?.name ?? "";
    if (!flags.detach) output.check(inputs.map((_, row) => ({ row, name: nameOf(row), seed: "" })));
    await runJob(flags, {
      what: "latents",
      count: inputs.length,
      inputs: inputs.map(({ path }) => path),
      outputFor: () => output,
      nameOf,
      async begin(session) {
        const sources = sourcesOf(session, flags.resize);
        const images = await Promise.all(inputs.map((input) => pictureSource(input, sources)));
        const { model = "" } = flags;
        const request = { model, images, ...flowOf(flags), options: jobOptionsOf(flags) };
        return session.client.encode(request, { signal: session.signal });
      },
    });
  });

addOptions(command, "Pictures:", [MODEL_OPTION, RESIZE_OPTION]);
addOptions(command, "Files:", LATENT_OUTPUT_OPTIONS);
addOptions(command, "Solver:", FLOW_OPTIONS);
addOptions(command, "Job:", JOB_OPTIONS);

export const encode: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples(
    "scorestream encode digit.png                      # writes digit.npy: float32[3, 32, 32]",
    "scorestream encode a.png b.png --out latents.npy  # float32[2, 3, 32, 32]",
    "scorestream encode a.png --format raw             # writes a.f32, little endian",
  ),
);
