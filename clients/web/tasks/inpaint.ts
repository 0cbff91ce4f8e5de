import { inpaint as inpaintCondition } from "../../typescript/core/conditions.ts";
import { element } from "../dom.ts";
import { ClassFields } from "../form/class-fields.ts";
import { Field, numberInput, readWhole } from "../form/field.ts";
import { MaskField } from "../form/mask-field.ts";
import { maskOut } from "../pictures/picture.ts";
import { pictureShape } from "../pictures/picture-shape.ts";
import { toPng } from "../pictures/png.ts";
import { readPicture } from "../pictures/read-picture.ts";
import { ModelInput } from "./model-input.ts";
import { sampleRequest } from "./sample-request.ts";
import type { FormContext, Task, TaskForm } from "./task.ts";

const PATH = "condition.inpaint";

/** A part of a picture is kept, and the rest is drawn anew. */
export const inpaint: Task = {
  id: "inpaint",
  name: "Inpaint",
  hint: "Keep a part of a picture, and draw the rest anew.",
  icon: "M3 3.5h14v13H3zM10 7.5v5M7.5 10h5",
  isOffered: (model) => model.tasks.includes("inpaint") && pictureShape(model) !== undefined,
  createForm,
};

function createForm({ sampling }: FormContext): TaskForm {
  const mask = new MaskField();
  const classes = new ClassFields(`${PATH}.class_label`);
  const input = new ModelInput((shape) => ({
    label: "Picture",
    hint: "Scaled to the model's size, its middle cut out.",
    path: `${PATH}.image`,
    read: (file) => readPicture(file, shape()),
    onChange: (picture) => mask.show(picture),
  }));
  const jumps = new Field(numberInput("none"), {
    label: "Resampling",
    paths: [`${PATH}.resample_jumps`, `${PATH}.jump_length`],
    hint: "How often each stretch of steps is gone over again: fits better, takes longer.",
  });
  const fit = element("summary", {}, "How well it fits");
  return {
    elements: [
      input.field.element,
      mask.element,
      classes.element,
      sampling.element,
      element("details", { class: "group" }, fit, jumps.element),
    ],
    action: "Fill",
    show(model) {
      classes.show(model);
      sampling.show(model, true);
      input.show(model);
    },
    request() {
      const [image, painted] = [input.field.picture, mask.mask];
      const label = classes.read();
      const condition = inpaintCondition({
        image: toPng(image),
        mask: toPng(painted),
        resampleJumps: readWhole(jumps.control, `${PATH}.resample_jumps`),
        ...(label === undefined ? {} : { class: label }),
      });
      const given = [{ label: "Known", picture: maskOut(image, painted) }];
      return sampleRequest(sampling, "Fillings", condition, given);
    },
    take: (file) => void input.field.give(file),
  };
}
