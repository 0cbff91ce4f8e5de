import type { Model } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { PictureField, type PictureFieldOptions } from "../form/picture-field.ts";
import { type PictureShape, pictureShape } from "../pictures/picture-shape.ts";

/** A picture field whose picture has the shape of the model that is chosen: another model reads the same file again. */
export class ModelInput {
  readonly field: PictureField;
  #shape: PictureShape = { width: 1, height: 1, channels: 3 };

  /** @param options of the field, which may ask for the model's shape whenever they are used */
  constructor(options: (shape: () => PictureShape) => PictureFieldOptions) {
    this.field = new PictureField(options(() => this.#shape));
  }

  show(model: Model): void {
    const shape = pictureShape(model) ?? this.#shape;
    const { width, height, channels } = this.#shape;
    const isSame = shape.width === width && shape.height === height && shape.channels === channels;
    this.#shape = shape;
    if (!isSame) void this.field.refresh();
  }
}
