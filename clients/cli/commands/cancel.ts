import { Command } from "commander";
import { explained } from "../errors.ts";
import { addOptions, examples, numbersOption } from "../flags/option.ts";
import { SERVER_OPTIONS, type ServerFlags, withClient } from "../flags/server.ts";
import { writeJson } from "../job/json-reporter.ts";

interface CancelFlags extends ServerFlags {
  /** Left out: the whole job. */
  readonly image?: readonly number[];
}

const command = new Command("cancel")
  .description("Ends a job, or images of it, within one step.")
  .argument("<job>", "its id, as --detach prints it")
  .action(async (job: string, flags: CancelFlags) => {
    const { image: images, server, json } = flags;
    try {
      const { cancelled, rows } = await withClient(flags, (client) =>
        client.cancel(job, images && { rows: images }),
      );
      if (json) writeJson({ job, cancelled, ...(images && { rows }) });
      else process.stdout.write(told(cancelled, images, rows));
    } catch (error) {
      throw explained(error, server);
    }
  });

/** A line an image, or one for the job. */
function told(
  cancelled: boolean,
  images: readonly number[] | undefined,
  rows: readonly number[],
): string {
  if (images === undefined) return cancelled ? "cancelled\n" : "it had already ended\n";
  return [...new Set(images)]
    .map((image) => `image ${image} ${rows.includes(image) ? "cancelled" : "had already ended"}\n`)
    .join("");
}

addOptions(command, "Job:", [
  numbersOption("--image <n>", "only this image, from 0 as {row} numbers them; may be repeated"),
]);

export const cancel: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples(
    "scorestream cancel 5b0c0d1e-6f43-4ac6-9f6b-0f6f2b3c4d5e",
    "scorestream cancel 5b0c0d1e-6f43-4ac6-9f6b-0f6f2b3c4d5e --image 2 --image 5",
  ),
);
