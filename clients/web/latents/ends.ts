import type { Image } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { element } from "../dom.ts";
import { pictureOf } from "../gallery/download.ts";
import type { Picture } from "../pictures/picture.ts";
import type { GivenPicture } from "../tasks/task.ts";
import { PictureFigure } from "./picture-figure.ts";

/** One end: the picture that was given, and what comes back of its latent. */
export class End {
  readonly element: HTMLElement;
  readonly #given: Picture | undefined;
  readonly #decoded: PictureFigure;

  /** @param given nothing after a reload */
  constructor(name: string, given: GivenPicture | undefined) {
    this.#given = given?.picture;
    const shown = new PictureFigure(`${name}, as given`, "end-picture");
    if (given !== undefined) {
      shown.drawPicture(given.picture);
      shown.say("Given");
    }
    this.#decoded = new PictureFigure(`${name}, decoded`, "end-picture");
    this.#decoded.say("Not decoded yet");
    const isKnown = given !== undefined;
    this.element = element(
      "div",
      { class: "end" },
      element("h3", {}, name),
      element(
        "div",
        { class: "end-pictures" },
        isKnown ? shown.element : undefined,
        this.#decoded.element,
      ),
    );
  }

  async show(image: Image): Promise<void> {
    await this.#decoded.draw(image);
    if (this.#given === undefined) {
      this.#decoded.say("Decoded");
      return;
    }
    const most = largestDifference(this.#given, await pictureOf([image]));
    this.#decoded.say(most === 0 ? "Decoded, the same" : `Decoded, off by ${most} of 255 at most`);
  }
}

function largestDifference(a: Picture, b: Picture): number {
  return a.values.reduce(
    (most, value, e) => Math.max(most, Math.abs(value - (b.values[e] ?? 0))),
    0,
  );
}
