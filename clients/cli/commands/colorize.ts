import { Command } from "commander";
import { colorize as colorizeCondition } from "../../typescript/core/conditions.ts";
import { readInput } from "../files/input.ts";
import { graySource } from "../files/pictures.ts";
import { addDrawOptions, RESIZE_OPTION } from "../flags/draw.ts";
import { addOptions, examples } from "../flags/option.ts";
import { type DrawFlags, drawPictures } from "../job/draw-pictures.ts";

const command = new Command("colorize")
  .description(
    "Draws colours for the gray version of a picture, the mean of red, green and blue, which stays as it is.",
  )
  .argument("<picture>", "any picture, gray or not; - is stdin")
  .action(async (path: string, flags: DrawFlags) => {
    const input = await readInput(path);
    await drawPictures(flags, {
      pattern: "{name}-colored-{seed}-{row}",
      inputs: [input],
      condition: async (sources) => colorizeCondition(await graySource(input, sources)),
    });
  });

addOptions(command, "What is known:", [RESIZE_OPTION]);

export const colorize: Command = addDrawOptions(command).addHelpText(
  "after",
  examples(
    "scorestream colorize digit.png --count 4",
    "scorestream colorize photo.tiff --resize cover --seed 7 --out colored.png",
  ),
);
