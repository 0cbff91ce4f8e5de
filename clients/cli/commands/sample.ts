import { Command } from "commander";
import { ofClass } from "../../typescript/core/conditions.ts";
import { CLASS_OPTIONS, type ClassFlags, classOf } from "../flags/class.ts";
import { addDrawOptions } from "../flags/draw.ts";
import { addOptions, examples } from "../flags/option.ts";
import { type DrawFlags, drawPictures } from "../job/draw-pictures.ts";

const command = new Command("sample")
  .description("Draws pictures, of a class or of any, and writes each to a file.")
  .action(async (flags: DrawFlags & ClassFlags) => {
    const label = classOf(flags);
    await drawPictures(flags, {
      pattern: "sample-{seed}-{row}",
      condition: async () => label && ofClass(label),
    });
  });

addOptions(command, "Class:", CLASS_OPTIONS);

export const sample: Command = addDrawOptions(command).addHelpText(
  "after",
  examples(
    "scorestream sample --count 4",
    "scorestream sample --class 7 --guidance 2 --seed 7 --out seven.png",
    "scorestream sample --count 8 --sampler dpm-solver++2m --steps 20 --out 'digits/{seed}-{row}.webp'",
    "scorestream sample --out - | other-program",
  ),
);
