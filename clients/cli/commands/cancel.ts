import { Command } from "commander";
import { explained } from "../errors.ts";
import { addOptions, examples } from "../flags/option.ts";
import { SERVER_OPTIONS, type ServerFlags, withClient } from "../flags/server.ts";
import { writeJson } from "../job/json-reporter.ts";

const command = new Command("cancel")
  .description("Ends a job within one step.")
  .argument("<job>", "its id, as --detach prints it")
  .action(async (job: string, flags: ServerFlags) => {
    try {
      const { cancelled } = await withClient(flags, (client) => client.cancel(job));
      if (flags.json) writeJson({ job, cancelled });
      else process.stdout.write(cancelled ? "cancelled\n" : "it had already ended\n");
    } catch (error) {
      throw explained(error, flags.server);
    }
  });

export const cancel: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples("scorestream cancel 5b0c0d1e-6f43-4ac6-9f6b-0f6f2b3c4d5e"),
);
