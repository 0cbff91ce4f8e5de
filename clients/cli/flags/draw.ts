import { type Command, Option } from "commander";
import { OUTPUT_OPTIONS } from "../files/output.ts";
import { PREVIEWS } from "../terminal/graphics.ts";
import { JOB_OPTIONS, MODEL_OPTION } from "./job.ts";
import { addOptions, choiceOption, numberOption } from "./option.ts";
import { SAMPLER_OPTIONS } from "./sampler.ts";
import { SEED_OPTION } from "./seed.ts";
import { SERVER_OPTIONS } from "./server.ts";

/** What the largest server can be told to take. Files are named before it is asked. */
export const MOST_RESULTS = 1_000_000;

export const PREVIEW_OPTION: () => Option = choiceOption(
  "--preview <how>",
  "pictures while they are drawn; left out: the best that the terminal has",
  PREVIEWS,
);

export const RESIZE_OPTION: () => Option = () =>
  new Option(
    "--resize <how>",
    "brings a picture of another size to the model's: cut, on black, or stretched",
  ).choices(["cover", "contain", "fill"]);

/** What all commands that draw pictures take beside their own. */
export function addDrawOptions(command: Command): Command {
  const count = numberOption("-n, --count <n>", "pictures; left out: 1", {
    least: 1,
    most: MOST_RESULTS,
  });
  addOptions(command, "Pictures:", [MODEL_OPTION, count, SEED_OPTION]);
  addOptions(command, "Files:", [...OUTPUT_OPTIONS]);
  addOptions(command, "Sampler:", SAMPLER_OPTIONS);
  addOptions(command, "Job:", [...JOB_OPTIONS, PREVIEW_OPTION]);
  return addOptions(command, "Server:", SERVER_OPTIONS);
}
