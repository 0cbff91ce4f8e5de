import type { Image } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { element } from "../dom.ts";
import { decodeImage } from "../gallery/decode.ts";
import { drawBitmap } from "../gallery/tile.ts";
import { type Picture, toImageData } from "../pictures/picture.ts";

/** A picture with words below it. */
export class PictureFigure {
  readonly element: HTMLElement;
  readonly #name: string;
  readonly #canvas = element("canvas", { width: 1, height: 1, role: "img" });
  readonly #words = element("figcaption", { class: "figure-words" });

  /** @param name of what it shows, for who does not see it */
  constructor(name: string, kind: string) {
    this.#name = name;
    this.element = element("figure", { class: kind }, this.#canvas, this.#words);
    this.say("");
  }

  async draw(image: Image): Promise<void> {
    drawBitmap(this.#canvas, await decodeImage(image));
  }

  drawPicture(picture: Picture): void {
    const { width, height } = picture;
    Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext("2d")?.putImageData(toImageData(picture), 0, 0);
  }

  say(words: string): void {
    this.#words.textContent = words;
    this.#canvas.setAttribute("aria-label", words === "" ? this.#name : `${this.#name}: ${words}`);
  }
}
