import { Command, Option } from "commander";
import { inpaint as inpaintCondition } from "../../typescript/core/conditions.ts";
import { readInputs } from "../files/input.ts";
import { pictureSource } from "../files/pictures.ts";
import { CLASS_OPTIONS, type ClassFlags, classOf } from "../flags/class.ts";
import { addDrawOptions, RESIZE_OPTION } from "../flags/draw.ts";
import { addOptions, examples, numberOption } from "../flags/option.ts";
import { type DrawFlags, drawPictures } from "../job/draw-pictures.ts";

interface InpaintFlags extends DrawFlags, ClassFlags {
  readonly image: string;
  readonly mask: string;
  readonly resampleJumps?: number;
  readonly jumpLength?: number;
}

const command = new Command("inpaint")
  .description(
    "Fills the unknown part of a picture; the known part stays as it is. docs/conditions.md",
  )
  .action(async (flags: InpaintFlags) => {
    const label = classOf(flags);
    const { resampleJumps, jumpLength } = flags;
    const inputs = await readInputs([flags.image, flags.mask]);
    await drawPictures(flags, {
      pattern: "{name}-inpainted-{seed}-{row}",
      inputs,
      async condition(sources) {
        const [image, mask] = await Promise.all(
          inputs.map((input) => pictureSource(input, sources)),
        );
        if (image === undefined || mask === undefined) throw new Error("two inputs were read");
        return inpaintCondition({
          image,
          mask,
          ...(label && { class: label }),
          ...(resampleJumps === undefined ? {} : { resampleJumps }),
          ...(jumpLength === undefined ? {} : { jumpLength }),
        });
      },
    });
  });

addOptions(command, "What is known:", [
  () => new Option("--image <file>", "picture; - is stdin").makeOptionMandatory(),
  () => new Option("--mask <file>", "white: known, black: to be filled").makeOptionMandatory(),
  RESIZE_OPTION,
  numberOption("--resample-jumps <n>", "RePaint: how often each stretch is gone over again", {
    least: 1,
  }),
  numberOption("--jump-length <n>", "steps of such a stretch; left out: 10", { least: 1 }),
  ...CLASS_OPTIONS,
]);

export const inpaint: Command = addDrawOptions(command).addHelpText(
  "after",
  examples(
    "scorestream inpaint --image digit.png --mask left-half.png --count 4",
    "scorestream inpaint --image photo.jpg --mask mask.png --resize cover --resample-jumps 4",
    "cat digit.png | scorestream inpaint --image - --mask left-half.png --class 3 --out filled.png",
  ),
);
