import { Command } from "commander";
import type { UploadResponse } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { explained } from "../errors.ts";
import { readInputs, UPLOAD_PREFIX } from "../files/input.ts";
import { uploadOf } from "../files/pictures.ts";
import { TENANT_OPTION } from "../flags/job.ts";
import { addOptions, examples } from "../flags/option.ts";
import { SERVER_OPTIONS, type ServerFlags, withClient } from "../flags/server.ts";
import { secondsOf } from "../job/duration.ts";
import { writeJson } from "../job/json-reporter.ts";

interface UploadFlags extends ServerFlags {
  readonly tenant?: string;
}

const command = new Command("upload")
  .description(
    "Stores files at the server for later commands, and prints what these take in a file's place.",
  )
  .argument("<files...>", "PNG, JPEG, WebP, .npy, or .f32 of raw float32; - is stdin")
  .action(async (paths: readonly string[], flags: UploadFlags) => {
    const { tenant = "", server, json } = flags;
    const uploads = (await readInputs(paths)).map(uploadOf);
    try {
      await withClient(flags, async (client) => {
        for (const [i, { bytes, type }] of uploads.entries()) {
          const told = await client.upload(bytes, type, { tenant });
          if (json) writeJson(jsonOf(paths[i], told));
          else process.stdout.write(`${UPLOAD_PREFIX}${told.uploadId}\n`);
        }
      });
    } catch (error) {
      throw explained(error, server);
    }
  });

function jsonOf(file: string | undefined, { uploadId, expiresIn }: UploadResponse): object {
  return { file, upload: `${UPLOAD_PREFIX}${uploadId}`, expiresInS: secondsOf(expiresIn) };
}

addOptions(command, "Job:", [TENANT_OPTION]);

export const upload: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples("photo=$(scorestream upload photo.jpg)", 'scorestream encode "$photo" --resize cover'),
);
