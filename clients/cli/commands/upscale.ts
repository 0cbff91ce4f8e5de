import { Command } from "commander";
import { superResolve } from "../../typescript/core/conditions.ts";
import { readInput } from "../files/input.ts";
import { pictureSource } from "../files/pictures.ts";
import { addDrawOptions, RESIZE_OPTION } from "../flags/draw.ts";
import { addOptions, choiceOption, examples } from "../flags/option.ts";
import { type DrawFlags, drawPictures } from "../job/draw-pictures.ts";

const FACTORS = { 2: 2, 4: 4, 8: 8 } as const;

interface UpscaleFlags extends DrawFlags {
  readonly factor?: keyof typeof FACTORS;
}

const command = new Command("upscale")
  .description(
    "Draws pictures of the model's size whose blocks have the given picture's pixels as their averages.",
  )
  .argument("<picture>", "smaller than the model's pictures by the factor; - is stdin")
  .action(async (path: string, flags: UpscaleFlags) => {
    const input = await readInput(path);
    await drawPictures(flags, {
      pattern: "{name}-upscaled-{seed}-{row}",
      inputs: [input],
      condition: async (sources) =>
        superResolve(await pictureSource(input, sources), FACTORS[flags.factor ?? 4]),
    });
  });

addOptions(command, "What is known:", [
  choiceOption("--factor <n>", "left out: 4", Object.keys(FACTORS)),
  RESIZE_OPTION,
]);

export const upscale: Command = addDrawOptions(command).addHelpText(
  "after",
  examples(
    "scorestream upscale small.png --count 4",
    "scorestream upscale photo.jpg --factor 8 --resize cover --out large.png",
  ),
);
