import { element, freshId } from "../dom.ts";
import type { JobRun } from "../jobs/job-run.ts";
import type { RowState } from "../jobs/job-state.ts";
import { toImageData } from "../pictures/picture.ts";
import type { GivenPicture, JobView } from "../tasks/task.ts";
import { controlOf } from "./image-control.ts";
import { Tile } from "./tile.ts";

/** The samples of a job side by side, with a timeline for all of them, and before them what was given. */
export class GalleryView implements JobView {
  readonly element: HTMLElement;
  readonly #run: JobRun;
  readonly #open: (row: RowState) => void;
  readonly #tiles: Tile[] = [];
  readonly #grid = element("div", { class: "gallery" });
  readonly #timeline = element("input", {
    type: "range",
    min: "0",
    max: "100",
    value: "100",
    id: freshId("timeline"),
  });
  readonly #line: HTMLElement;

  /** @param open shows one sample by itself */
  constructor(run: JobRun, given: readonly GivenPicture[], open: (row: RowState) => void) {
    this.#run = run;
    this.#open = open;
    this.#line = element(
      "div",
      { class: "timeline", hidden: true },
      element("label", { for: this.#timeline.id }, "Noise"),
      this.#timeline,
      element("span", { "aria-hidden": "true" }, "Picture"),
    );
    this.#timeline.setAttribute("aria-label", "Timeline of all samples, from noise to picture");
    this.#timeline.addEventListener("input", () => this.#scrub());
    this.#grid.append(...given.map(givenTile));
    this.element = element("div", {}, this.#line, this.#grid);
  }

  update(row: RowState | undefined): void {
    const { rows } = this.#run.state;
    if (this.#tiles.length < rows.length) this.#add(rows.slice(this.#tiles.length));
    if (row !== undefined) {
      this.#tiles[row.row]?.update();
      return;
    }
    for (const tile of this.#tiles) tile.update();
    if (this.#run.ended) this.#line.hidden = !rows.some(({ frames }) => frames.length > 1);
  }

  #add(rows: readonly RowState[]): void {
    const { expectedEvaluations } = this.#run.state;
    const control = controlOf(this.#run);
    const options = { expected: expectedEvaluations, open: this.#open, control };
    const tiles = rows.map((row) => new Tile(row, options));
    this.#tiles.push(...tiles);
    this.#grid.append(...tiles.map((tile) => tile.element));
    this.#grid.dataset.size = sizeFor(this.#tiles.length);
  }

  #scrub(): void {
    const value = Number(this.#timeline.value);
    for (const tile of this.#tiles) tile.show(value === 100 ? undefined : value / 100);
  }
}

/** Many samples are small, so that they can be seen together. */
function sizeFor(count: number): string {
  if (count <= 8) return "large";
  if (count <= 32) return "medium";
  return count <= 100 ? "small" : "tiny";
}

function givenTile({ label, picture }: GivenPicture): HTMLElement {
  const canvas = element("canvas", {
    width: picture.width,
    height: picture.height,
    role: "img",
    "aria-label": `Given: ${label}`,
  });
  canvas.getContext("2d")?.putImageData(toImageData(picture), 0, 0);
  return element(
    "figure",
    { class: "tile tile-given" },
    element("span", { class: "tile-picture" }, canvas),
    element("figcaption", { class: "tile-label" }, label),
  );
}
