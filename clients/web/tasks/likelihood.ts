import { element } from "../dom.ts";
import { Field, numberInput, readWhole } from "../form/field.ts";
import { FitField } from "../form/fit-field.ts";
import { FlowFields } from "../form/flow-fields.ts";
import { OptionFields } from "../form/option-fields.ts";
import { PicturesField } from "../form/pictures-field.ts";
import { LikelihoodView } from "../likelihood/likelihood-view.ts";
import { type PictureShape, pictureShape } from "../pictures/picture-shape.ts";
import { toPng } from "../pictures/png.ts";
import { readPicture } from "../pictures/read-picture.ts";
import type { Task, TaskForm } from "./task.ts";

/** Two draws have a scatter, and so each picture an error. */
const OWN_DRAWS = "2";

/** How likely the model finds pictures. */
export const likelihood: Task = {
  id: "likelihood",
  name: "Likelihood",
  hint: "Ask how likely the model finds pictures, in bits per dimension.",
  icon: "M3 16.5h14M5 13.5v-3M10 13.5v-9M15 13.5v-6",
  isOffered: (model) => model.tasks.includes("log-likelihood") && pictureShape(model) !== undefined,
  createForm,
  createView: (run, context) => new LikelihoodView(run, context),
};

function createForm(): TaskForm {
  let name = "";
  let shape: PictureShape = { width: 1, height: 1, channels: 3 };
  const fit = new FitField("", () => pictures.refresh());
  const pictures = new PicturesField({
    label: "Pictures",
    hint: "Scaled ones are smoother than the model's data, and their likelihood says so.",
    path: "images",
    read: (file) => readPicture(file, shape, fit.fit),
  });
  const flow = new FlowFields("", "Larger is quicker, and less exact.");
  const probes = new Field(numberInput("1"), { label: "Probes", paths: ["probes"] });
  const draws = new Field(numberInput("1", OWN_DRAWS), {
    label: "Dequantizations",
    paths: ["dequantizations"],
  });
  const options = new OptionFields();
  const errors =
    "Several of either give each picture an error bar, and take that many times as long.";
  return {
    elements: [
      pictures.element,
      fit.element,
      element(
        "div",
        {},
        element("div", { class: "columns" }, probes.element, draws.element),
        element("p", { class: "hint" }, errors),
      ),
      flow.element,
      options.element,
    ],
    action: "Measure",
    show(model) {
      name = model.name;
      const { width, height, channels } = shape;
      shape = pictureShape(model) ?? shape;
      if (width !== shape.width || height !== shape.height || channels !== shape.channels) {
        pictures.refresh();
      }
    },
    request() {
      const given = pictures.pictures;
      const counts = {
        probes: readWhole(probes.control, "probes"),
        dequantizations: readWhole(draws.control, "dequantizations"),
      };
      const value = {
        model: name,
        images: given.map(({ picture }) => toPng(picture)),
        ...counts,
        solver: flow.read(),
        options: options.read(),
      };
      const rows = (counts.probes || 1) * (counts.dequantizations || 1);
      return {
        call: { $case: "logLikelihood", value },
        title: given.length === 1 ? "Likelihood" : `Likelihood of ${given.length} pictures`,
        details: [name, `${rows} solves each`, flow.summary].join(" · "),
        given: given.map(({ name: label, picture }) => ({ label, picture })),
      };
    },
    take: (file) => pictures.give(file),
  };
}
