import type {
  HeldOutLikelihood,
  LikelihoodResult,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { ScoreStreamError } from "../../typescript/core/scorestream-error.ts";
import { element } from "../dom.ts";
import { type Paintable, repaint } from "../gallery/repaint.ts";
import type { JobRun } from "../jobs/job-run.ts";
import { toImageData } from "../pictures/picture.ts";
import type { GivenPicture, JobView, ViewContext } from "../tasks/task.ts";
import { axisLine, valueLine } from "./axis.ts";
import { type Scale, scaleOf } from "./scale.ts";
import { WaitingPicture } from "./waiting-picture.ts";

/** Pictures on a scale of bits per dimension, the likeliest first, beside what the model gives pictures that it has not seen. */
export class LikelihoodView implements JobView, Paintable {
  readonly element: HTMLElement;
  readonly #run: JobRun;
  readonly #given: readonly GivenPicture[];
  readonly #about = element("p", { class: "hint" });
  readonly #head = element("th", { scope: "col", class: "likelihood-scale" });
  readonly #body = element("tbody");
  /** Pictures without a likelihood. Their lines stay what they are, so that the keyboard keeps its place in them. */
  readonly #waitingBody = element("tbody");
  readonly #waiting = new Map<number, WaitingPicture>();
  readonly #table: HTMLTableElement;
  #heldOut: HeldOutLikelihood | undefined;

  constructor(run: JobRun, { given, client }: ViewContext) {
    this.#run = run;
    this.#given = given;
    const heading = (words: string): HTMLElement =>
      element("th", { scope: "col" }, element("span", { class: "visually-hidden" }, words));
    this.#table = element(
      "table",
      { class: "likelihoods" },
      element(
        "caption",
        { class: "visually-hidden" },
        "Likelihood of each picture, the likeliest first",
      ),
      element(
        "thead",
        {},
        element("tr", {}, heading("Picture"), this.#head, heading("Bits per dimension")),
      ),
      this.#body,
      this.#waitingBody,
    );
    this.element = element("div", {}, this.#table, this.#about);
    void this.#askForRange(() => client.listModels());
    this.paint();
  }

  update(): void {
    repaint(this);
  }

  paint(): void {
    const results = [...this.#run.state.likelihoods.values()].toSorted(
      (a, b) => a.bitsPerDim - b.bitsPerDim,
    );
    const heldOut = this.#heldOut;
    const scale = scaleOf([
      ...(heldOut === undefined ? [] : [heldOut.low, heldOut.high]),
      ...results.flatMap(({ bitsPerDim, standardErrorBitsPerDim: error }) => [
        bitsPerDim - error,
        bitsPerDim + error,
      ]),
      ...(heldOut === undefined && results.length === 0 ? [0, 8] : []),
    ]);
    const unit = element("span", { class: "likelihood-unit" }, "bits per dimension");
    this.#head.replaceChildren(unit, axisLine(scale, heldOut));
    this.#body.replaceChildren(...results.map((result) => this.#line(result, scale)));
    this.#paintWaiting();
    this.#about.textContent = this.#describe();
    this.#table.hidden = results.length === 0 && this.#run.ended;
  }

  #paintWaiting(): void {
    const { likelihoods, cancelledImages } = this.#run.state;
    for (const image of this.#given.keys()) {
      const isShown = !likelihoods.has(image) && (!this.#run.ended || cancelledImages.has(image));
      if (!isShown) {
        this.#waiting.get(image)?.element.remove();
        this.#waiting.delete(image);
        continue;
      }
      const known = this.#waiting.get(image);
      if (known !== undefined) known.paint();
      else {
        const name = this.#nameOf(image);
        const made = new WaitingPicture(this.#run, image, name, this.#picture(image));
        this.#waiting.set(image, made);
        this.#waitingBody.append(made.element);
      }
    }
  }

  #nameOf(image: number): string {
    return this.#given[image]?.label ?? `Picture ${image + 1}`;
  }

  #line(result: LikelihoodResult, scale: Scale): HTMLElement {
    const { row, bitsPerDim: value, standardErrorBitsPerDim: error } = result;
    const verdict = verdictOf(value, this.#heldOut);
    const figures = error > 0 ? `${value.toFixed(3)} ± ${error.toFixed(3)}` : value.toFixed(3);
    return element(
      "tr",
      { "data-verdict": verdict.kind },
      this.#picture(row),
      element(
        "td",
        { class: "likelihood-scale" },
        valueLine(scale, { value, error }, this.#heldOut),
      ),
      element(
        "td",
        { class: "likelihood-figures" },
        element("strong", {}, figures),
        element("span", { class: "likelihood-verdict" }, verdict.words),
      ),
    );
  }

  #picture(row: number): HTMLElement {
    const given = this.#given[row];
    const name = this.#nameOf(row);
    const heading = element("th", { scope: "row", class: "likelihood-picture", title: name });
    if (given !== undefined) {
      const { width, height } = given.picture;
      const canvas = element("canvas", { width, height, "aria-hidden": "true" });
      canvas.getContext("2d")?.putImageData(toImageData(given.picture), 0, 0);
      heading.append(canvas);
    }
    heading.append(element("span", { class: "likelihood-name" }, name));
    return heading;
  }

  #describe(): string {
    const used = this.#run.state.completed?.likelihood;
    const settings =
      used === undefined
        ? ""
        : ` Here: ${used.probe}, probes: ${used.probes}, dequantizations: ${used.dequantizations}.`;
    const heldOut = this.#heldOut;
    if (heldOut === undefined) {
      return `Fewer bits are more likely. This model has no held-out range to compare with.${settings}`;
    }
    const { low, high, mean, count, pictures, measured } = heldOut;
    const range = `${low.toFixed(2)} to ${high.toFixed(2)}, mean ${mean.toFixed(2)}`;
    return `Fewer bits are more likely. Band: ${pictures}, ${count} of them, 5 % to 95 %: ${range}; ${measured}.${settings}`;
  }

  async #askForRange(
    ask: () => Promise<{
      models: readonly { name: string; heldOut: HeldOutLikelihood | undefined }[];
    }>,
  ): Promise<void> {
    try {
      const { models } = await ask();
      this.#heldOut = models.find(({ name }) => name === this.#run.words.model)?.heldOut;
      repaint(this);
    } catch (error) {
      // Likelihoods are shown without it.
      if (!(error instanceof ScoreStreamError)) throw error;
    }
  }
}

interface Verdict {
  readonly kind: "more" | "as" | "less" | "none";
  readonly words: string;
}

function verdictOf(value: number, heldOut: HeldOutLikelihood | undefined): Verdict {
  if (heldOut === undefined) return { kind: "none", words: "bits/dim" };
  if (value < heldOut.low) return { kind: "more", words: "likelier than held-out" };
  if (value > heldOut.high) return { kind: "less", words: "less likely than held-out" };
  return { kind: "as", words: "as likely as held-out" };
}
