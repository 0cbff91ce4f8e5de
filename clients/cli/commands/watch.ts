import { Command, Option } from "commander";
import { type FileFormat, OUTPUT_OPTIONS, Output, type OutputFlags } from "../files/output.ts";
import { PREVIEW_OPTION } from "../flags/draw.ts";
import { addOptions, examples } from "../flags/option.ts";
import { SERVER_OPTIONS } from "../flags/server.ts";
import { type FollowFlags, runJob } from "../job/run-job.ts";

const command = new Command("watch")
  .description("Follows a job from its beginning and writes its results. Leaving it ends no job.")
  .argument("<job>", "its id, as --detach prints it")
  .action(async (job: string, flags: FollowFlags & OutputFlags) => {
    const outputFor = (format: FileFormat | undefined): Output => {
      const formats: readonly FileFormat[] = format === undefined ? ["npy", "raw"] : [format];
      const count = undefined;
      return new Output(flags, { pattern: "{name}-{row}", count, words: ["row", "name"], formats });
    };
    await runJob(flags, {
      what: "results",
      count: undefined,
      outputFor,
      nameOf: () => job.slice(0, 8),
      isWatched: true,
      begin: ({ client, signal }) => client.watch(job, 0n, { signal }),
    });
  });

addOptions(command, "Files:", OUTPUT_OPTIONS);
addOptions(command, "Job:", [
  PREVIEW_OPTION,
  () => new Option("-q, --quiet", "no progress and no summary on stderr"),
]);

export const watch: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples(
    "scorestream watch 5b0c0d1e-6f43-4ac6-9f6b-0f6f2b3c4d5e",
    "scorestream watch \"$(scorestream sample --count 4 --detach)\" --out 'four-{row}.png'",
  ),
);
