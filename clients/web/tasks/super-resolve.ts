import { superResolve as superResolveCondition } from "../../typescript/core/conditions.ts";
import { Field, select } from "../form/field.ts";
import { blockMeans, type Picture } from "../pictures/picture.ts";
import { type PictureShape, pictureShape } from "../pictures/picture-shape.ts";
import { toPng } from "../pictures/png.ts";
import { readPicture, sizeOf } from "../pictures/read-picture.ts";
import { ModelInput } from "./model-input.ts";
import { sampleRequest } from "./sample-request.ts";
import type { FormContext, Task, TaskForm } from "./task.ts";

const PATH = "condition.super_resolve";
/** What the server has. */
const FACTORS = [2, 4, 8] as const;

/** A small picture becomes one of the model's size. */
export const superResolve: Task = {
  id: "super-resolve",
  name: "Super-resolve",
  hint: "Draw the details that a small picture lacks.",
  icon: "M3 12v5h5M17 8V3h-5M3.5 16.5l5-5M16.5 3.5l-5 5",
  isOffered: (model) => model.tasks.includes("super-resolve") && pictureShape(model) !== undefined,
  createForm,
};

function createForm({ sampling }: FormContext): TaskForm {
  const factor = select(FACTORS.map(String), "4", (each) => `${each} × ${each}`);
  const chosenFactor = () => FACTORS.find((each) => String(each) === factor.value) ?? 4;
  const input = new ModelInput((shape) => ({
    label: "Small picture",
    hint: "Of a larger one, the means of blocks of pixels are taken.",
    path: `${PATH}.low_resolution`,
    read: (file) => readSmall(file, shape(), chosenFactor()),
  }));
  factor.addEventListener("change", () => void input.field.refresh());
  const factorField = new Field(factor, { label: "Enlarge", paths: [`${PATH}.factor`] });
  return {
    elements: [input.field.element, factorField.element, sampling.element],
    action: "Enlarge",
    show(model) {
      sampling.show(model, true);
      for (const option of factor.options) option.disabled = !fits(model, Number(option.value));
      input.show(model);
    },
    request() {
      const small = input.field.picture;
      const condition = superResolveCondition(toPng(small), chosenFactor());
      const given = [{ label: "Small", picture: small }];
      return sampleRequest(sampling, "Enlargements", condition, given);
    },
    take: (file) => void input.field.give(file),
  };
}

function fits(model: Parameters<typeof pictureShape>[0], factor: number): boolean {
  const { width, height } = pictureShape(model) ?? { width: 0, height: 0 };
  return width % factor === 0 && height % factor === 0;
}

/** A file of just the small size as it is; any other at the model's size first, and then the means of its blocks. */
async function readSmall(file: Blob, shape: PictureShape, factor: number): Promise<Picture> {
  const small = { ...shape, width: shape.width / factor, height: shape.height / factor };
  const size = await sizeOf(file);
  if (size.width === small.width && size.height === small.height) return readPicture(file, small);
  return blockMeans(await readPicture(file, shape), factor);
}
