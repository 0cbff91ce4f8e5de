import type {
  DeepPartial,
  JobOptions,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { FitField } from "../form/fit-field.ts";
import { FlowFields } from "../form/flow-fields.ts";
import { OptionFields } from "../form/option-fields.ts";
import { InterpolationView } from "../latents/interpolation-view.ts";
import { pictureShape } from "../pictures/picture-shape.ts";
import { toPng } from "../pictures/png.ts";
import { readPicture } from "../pictures/read-picture.ts";
import { ModelInput } from "./model-input.ts";
import type { Task, TaskForm } from "./task.ts";

/** Two pictures are encoded, and what lies between their latents is decoded as one looks. */
export const interpolate: Task = {
  id: "interpolate",
  name: "Interpolate",
  hint: "Go from one picture to another through the model's latents.",
  icon: "M3 10h14M3 7v6M17 7v6M10 7.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  isOffered: (model) =>
    model.tasks.includes("encode") &&
    model.tasks.includes("decode") &&
    pictureShape(model) !== undefined,
  createForm,
  createView: (run, context) => new InterpolationView(run, context),
};

function createForm(): TaskForm {
  const fit = new FitField("cover", () => {
    for (const input of inputs) void input.field.refresh();
  });
  const input = (label: string, path: string): ModelInput =>
    new ModelInput((shape) => ({
      label,
      path,
      hint: "",
      read: (file) => readPicture(file, shape(), fit.fit),
    }));
  const inputs = [
    input("First picture", "images[0]"),
    input("Second picture", "images[1]"),
  ] as const;
  const [first, second] = inputs;
  const flow = new FlowFields(
    "1e-3",
    "Smaller: the pictures come back more exactly, and it takes longer.",
  );
  const options = new OptionFields();
  let name = "";
  return {
    elements: [
      first.field.element,
      second.field.element,
      fit.element,
      flow.element,
      options.element,
    ],
    action: "Encode",
    show(model) {
      name = model.name;
      first.show(model);
      second.show(model);
    },
    request() {
      const pictures = [first.field.picture, second.field.picture] as const;
      const solver = flow.read();
      const images = pictures.map(toPng);
      const asked = { model: name, images, solver };
      const all = options.read();
      return {
        call: { $case: "encode", value: { ...asked, options: all } },
        // Its two jobs can share a priority, and no deadline.
        code: { $case: "interpolate", value: { ...asked, frames: 9, options: onlyPriority(all) } },
        title: "Interpolation",
        details: [name, flow.summary].join(" · "),
        given: pictures.map((picture, i) => ({ label: i === 0 ? "First" : "Second", picture })),
      };
    },
    take: (file) => void (first.field.isEmpty ? first : second).field.give(file),
  };
}

function onlyPriority({ priority }: DeepPartial<JobOptions>): DeepPartial<JobOptions> {
  return priority === undefined ? {} : { priority };
}
