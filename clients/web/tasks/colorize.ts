import { colorize as colorizeCondition } from "../../typescript/core/conditions.ts";
import { grayOf } from "../pictures/picture.ts";
import { pictureShape } from "../pictures/picture-shape.ts";
import { toPng } from "../pictures/png.ts";
import { readPicture } from "../pictures/read-picture.ts";
import { ModelInput } from "./model-input.ts";
import { sampleRequest } from "./sample-request.ts";
import type { FormContext, Task, TaskForm } from "./task.ts";

/** A gray picture gets colours. */
export const colorize: Task = {
  id: "colorize",
  name: "Colorize",
  hint: "Give a gray picture colours that go with it.",
  icon: "M10 2.5c3 3.6 5 6 5 8.8a5 5 0 0 1-10 0c0-2.8 2-5.2 5-8.8zM10 13.8a2.6 2.6 0 0 0 2.6-2.6",
  isOffered: (model) => model.tasks.includes("colorize") && pictureShape(model) !== undefined,
  createForm,
};

function createForm({ sampling }: FormContext): TaskForm {
  const input = new ModelInput((shape) => ({
    label: "Gray picture",
    hint: "Of one with colours, the mean of red, green and blue is taken.",
    path: "condition.colorize.gray",
    read: async (file) => grayOf(await readPicture(file, shape())),
  }));
  return {
    elements: [input.field.element, sampling.element],
    action: "Colorize",
    show(model) {
      sampling.show(model, true);
      input.show(model);
    },
    request() {
      const gray = input.field.picture;
      const given = [{ label: "Gray", picture: gray }];
      return sampleRequest(sampling, "Colourings", colorizeCondition(toPng(gray)), given);
    },
    take: (file) => void input.field.give(file),
  };
}
