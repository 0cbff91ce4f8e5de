import { ImageFormat } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { Client } from "../../typescript/core/client.ts";
import { ScoreStreamError } from "../../typescript/core/scorestream-error.ts";
import { announce } from "../announce.ts";
import { button, element } from "../dom.ts";
import { Field, FieldError, numberInput, readWhole } from "../form/field.ts";
import { clearFieldErrors, showFieldError } from "../form/field-errors.ts";
import { animationOf, pngOfAll, save } from "../gallery/download.ts";
import { Tile } from "../gallery/tile.ts";
import { type Frame, JobState } from "../jobs/job-state.ts";
import type { Arc } from "./arc.ts";

const OWN_FRAMES = "9";
const MOST_FRAMES = 64;

/** Pictures evenly spaced on an arc, decoded in one job, to be looked at and saved. */
export class Strip {
  readonly element: HTMLElement;
  readonly #client: Client;
  readonly #onChoose: (fraction: number) => void;
  readonly #count = numberInput(OWN_FRAMES, OWN_FRAMES);
  readonly #make: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #tiles = element("div", { class: "gallery strip" });
  readonly #saves: HTMLElement;
  #frames: readonly Frame[] = [];
  #running: AbortController | undefined;

  #arc: Arc | undefined;
  #temperature: () => number = () => 1;

  /** @param onChoose a frame was pressed, at this fraction of the arc */
  constructor(client: Client, onChoose: (fraction: number) => void) {
    this.#client = client;
    this.#onChoose = onChoose;
    const label = { label: "Frames", paths: ["latents"] };
    this.#make = button("Make a strip", { disabled: true }, () => {
      if (this.#arc !== undefined) void this.#decode(this.#arc, this.#temperature());
    });
    this.#stop = button("Stop", { class: "quiet", hidden: true }, () => this.stop());
    this.#saves = element(
      "div",
      { class: "viewer-actions", hidden: true },
      button("Download strip", {}, () => void this.#savePng()),
      button("Download animation", {}, () => save(animationOf(this.#frames), "strip.webp")),
    );
    const row = element(
      "div",
      { class: "strip-head" },
      element("div", { class: "strip-count" }, new Field(this.#count, label).element),
      this.#make,
      this.#stop,
    );
    this.element = element(
      "section",
      { class: "strip-section", "aria-label": "Strip" },
      row,
      this.#tiles,
      this.#saves,
    );
  }

  /** Has strips of this arc made from now on. @param temperature as it is when one is asked for */
  begin(arc: Arc, temperature: () => number): void {
    this.#arc = arc;
    this.#temperature = temperature;
    this.#make.disabled = false;
  }

  /** Gives up a strip that is under way. */
  stop(): void {
    this.#running?.abort();
  }

  async #decode(arc: Arc, temperature: number): Promise<void> {
    clearFieldErrors(this.element);
    const running = new AbortController();
    this.#run(running);
    try {
      const count = this.#readCount();
      const fractions = Array.from({ length: count }, (_, frame) => frame / (count - 1));
      const frames = await this.#follow(arc, fractions, temperature, running.signal);
      this.#frames = frames;
      this.#saves.hidden = false;
      announce(`Strip: all ${frames.length} done`);
    } catch (error) {
      this.#fail(error);
    }
    this.#run(undefined);
  }

  #readCount(): number {
    const count = readWhole(this.#count, "latents") || Number(OWN_FRAMES);
    if (count >= 2 && count <= MOST_FRAMES) return count;
    throw new FieldError("latents", this.#count.value, `a whole number from 2 to ${MOST_FRAMES}`);
  }

  /** Draws each frame as it comes. @returns the results, in the order of the arc */
  async #follow(
    arc: Arc,
    fractions: readonly number[],
    temperature: number,
    signal: AbortSignal,
  ): Promise<readonly Frame[]> {
    const state = new JobState();
    const tiles: Tile[] = [];
    this.#saves.hidden = true;
    this.#tiles.replaceChildren();
    const preview = { everySteps: 4, format: ImageFormat.IMAGE_FORMAT_WEBP, maxPerSecond: 4 };
    const request = { ...arc.decoding(fractions, temperature, "exact"), preview };
    for await (const event of this.#client.decode(request, { signal })) {
      const changed = state.apply(event);
      for (const row of state.rows.slice(tiles.length)) {
        const fraction = fractions[row.row] ?? 0;
        const open = (): void => this.#onChoose(fraction);
        const tile = new Tile(row, { expected: state.expectedEvaluations, open, noun: "Frame" });
        tiles.push(tile);
        this.#tiles.append(tile.element);
      }
      if (changed !== undefined) tiles[changed.row]?.update();
    }
    return state.rows.flatMap(({ frames }) => frames.slice(-1));
  }

  #run(running: AbortController | undefined): void {
    this.#running = running;
    this.#make.disabled = running !== undefined;
    this.#stop.hidden = running === undefined;
  }

  #fail(error: unknown): void {
    const isKnown =
      error instanceof FieldError ||
      error instanceof ScoreStreamError ||
      error instanceof RangeError;
    if (!isKnown) throw error;
    if (error instanceof ScoreStreamError && error.status === "CANCELLED")
      announce("Strip: stopped");
    else showFieldError(this.element, "latents", error.message.replace(/^latents: /, ""));
  }

  async #savePng(): Promise<void> {
    save(await pngOfAll(this.#frames), "strip.png");
  }
}
