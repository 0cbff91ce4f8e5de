import type { Image } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { Client } from "../../typescript/core/client.ts";
import { ScoreStreamError } from "../../typescript/core/scorestream-error.ts";
import { announce } from "../announce.ts";
import { button, element } from "../dom.ts";
import { pngOf, save } from "../gallery/download.ts";
import type { JobRun } from "../jobs/job-run.ts";
import type { JobView, ViewContext } from "../tasks/task.ts";
import { Arc, type ArcPoint, endsOf } from "./arc.ts";
import { End } from "./ends.ts";
import { NewestFirst, type Quality } from "./newest-first.ts";
import { PictureFigure } from "./picture-figure.ts";
import { Slider } from "./slider.ts";
import { Strip } from "./strip.ts";

/** Between two pictures whose latents a job finds: a slider that decodes as it is dragged, and strips. */
export class InterpolationView implements JobView {
  readonly element: HTMLElement;
  readonly #run: JobRun;
  readonly #client: Client;
  readonly #ends: readonly [End, End];
  readonly #between = new PictureFigure("Between the two", "between-picture");
  readonly #progress = element("progress", { max: 1, value: 0, "aria-label": "Decoding" });
  readonly #error = element("p", { class: "job-error", role: "alert", hidden: true });
  readonly #place: Slider;
  readonly #temperature: Slider;
  readonly #save: HTMLButtonElement;
  readonly #strip: Strip;
  readonly #newest = new NewestFirst<ArcPoint>((...asked) => this.#decode(...asked));
  readonly #closed = new AbortController();
  #arc: Arc | undefined;
  #shown: Image | undefined;

  constructor(run: JobRun, { given, client }: ViewContext) {
    this.#run = run;
    this.#client = client;
    this.#ends = [new End("First", given[0]), new End("Second", given[1])];
    const moves = { onMove: () => this.#move(), onRest: () => this.#newest.rest() };
    this.#place = new Slider({
      ...{ label: "From first to second", least: 0, most: 1, step: 0.01, value: 0.5 },
      describe: (value) => `${Math.round(100 * value)} %`,
      ...moves,
    });
    this.#temperature = new Slider({
      ...{ label: "Temperature", least: 0.5, most: 1.5, step: 0.05, value: 1 },
      describe: (value) => value.toFixed(2),
      ...moves,
    });
    this.#save = button("Download picture", {}, () => void this.#savePicture());
    const choose = (fraction: number): void => {
      this.#place.value = fraction;
      this.#move();
      this.#newest.rest();
    };
    this.#strip = new Strip(client, choose);
    this.element = element(
      "div",
      { class: "interpolation", hidden: true },
      element(
        "div",
        { class: "interpolation-pictures" },
        this.#ends[0].element,
        element("div", { class: "between" }, this.#between.element, this.#progress),
        this.#ends[1].element,
      ),
      this.#place.element,
      element("div", { class: "slider-row" }, this.#temperature.element, this.#save),
      this.#error,
      this.#strip.element,
    );
    this.#showDecoding(false);
  }

  update(): void {
    const { state, words } = this.#run;
    this.element.hidden = this.#run.failure !== undefined;
    const ends = endsOf(state.rows);
    if (this.#arc !== undefined || state.completed === undefined || ends === undefined) return;
    this.#arc = new Arc(words.model, ends, state.completed);
    this.#strip.begin(this.#arc, () => this.#temperature.value);
    this.#move();
    this.#newest.rest();
    void this.#decodeEnds(this.#arc);
  }

  close(): void {
    this.#closed.abort();
    this.#newest.stop();
    this.#strip.stop();
  }

  #move(): void {
    this.#error.hidden = true;
    this.#newest.move({ fraction: this.#place.value, temperature: this.#temperature.value });
  }

  async #decode(point: ArcPoint, quality: Quality, signal: AbortSignal): Promise<void> {
    const arc = this.#arc;
    if (arc === undefined) return;
    const { fraction, temperature } = point;
    const isExact = quality === "exact";
    this.#showDecoding(isExact);
    let evaluations = 0n;
    try {
      const job = this.#client.decode(arc.decoding([fraction], temperature, quality), { signal });
      const [image] = await job.images(({ event }) => {
        if (event?.$case === "progress") this.#progress.value = event.value.fraction;
        if (event?.$case === "sampled") evaluations = event.value.evaluations;
      });
      if (image === undefined || signal.aborted) return;
      await this.#between.draw(image);
      this.#shown = image;
      this.#save.disabled = false;
      const place = `${Math.round(100 * fraction)} %`;
      const words = `${place} · ${isExact ? "solved" : "draft"}, ${evaluations} evaluations`;
      this.#between.say(words);
      this.#between.element.dataset.quality = quality;
      this.#between.element.dataset.fraction = String(fraction);
      if (isExact) announce(`Between the two: ${words}`);
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#showDecoding(false);
    }
  }

  async #decodeEnds(arc: Arc): Promise<void> {
    const { signal } = this.#closed;
    try {
      const images = await this.#client
        .decode(arc.decoding([0, 1], 1, "exact"), { signal })
        .images();
      for (const [end, image] of images.entries()) await this.#ends[end]?.show(image);
    } catch (error) {
      this.#fail(error);
    }
  }

  #showDecoding(isDecoding: boolean): void {
    this.#progress.value = 0;
    // It keeps its room, so that nothing below it moves.
    this.#progress.dataset.idle = String(!isDecoding);
  }

  /** What was given up is no failure. @throws what is not one of the server's */
  #fail(error: unknown): void {
    if (!(error instanceof ScoreStreamError || error instanceof RangeError)) throw error;
    if (error instanceof ScoreStreamError && error.status === "CANCELLED") return;
    this.#error.hidden = false;
    this.#error.textContent = error.message;
  }

  async #savePicture(): Promise<void> {
    const image = this.#shown;
    if (image !== undefined) save(await pngOf({ image, evaluations: 0, time: 0 }), "between.png");
  }
}
