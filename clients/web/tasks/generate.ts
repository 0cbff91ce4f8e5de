import { ofClass } from "../../typescript/core/conditions.ts";
import { ClassFields } from "../form/class-fields.ts";
import { sampleRequest } from "./sample-request.ts";
import type { Task } from "./task.ts";

/** Free samples, or samples of a class. */
export const generate: Task = {
  id: "generate",
  name: "Generate",
  hint: "Draw new pictures out of noise.",
  icon: "M10 2.5l1.9 5.6 5.6 1.9-5.6 1.9L10 17.5l-1.9-5.6L2.5 10l5.6-1.9z",
  isOffered: ({ tasks }) => tasks.includes("sample"),
  createForm({ sampling }) {
    const classes = new ClassFields("condition.class_label");
    return {
      elements: [classes.element, sampling.element],
      action: "Generate",
      show(model) {
        classes.show(model);
        sampling.show(model, false);
      },
      request() {
        const asked = classes.read();
        return asked === undefined
          ? sampleRequest(sampling, "Samples", undefined)
          : sampleRequest(sampling, `Samples of ${asked.label}`, ofClass(asked));
      },
    };
  },
};
