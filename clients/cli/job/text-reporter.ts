import type { WriteStream } from "node:tty";
import type {
  Accepted,
  Completed,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { printable } from "../printable.ts";
import type { Graphics } from "../terminal/graphics.ts";
import { Grid, type Shown } from "../terminal/grid.ts";
import { type LayoutRules, layoutOf, type Size } from "../terminal/layout.ts";
import { Screen } from "../terminal/screen.ts";
import { secondsOf } from "./duration.ts";
import { progressLine } from "./progress-line.ts";
import type { Reporter, Result } from "./reporter.ts";
import type { Tally } from "./tally.ts";

/** Lines that pictures leave to text. */
const TEXT_LINES = 4;
/** Lines of results that are shown under pictures. */
const MOST_LINES = 2;

export interface TextOptions {
  /** What the results are, such as "pictures". */
  readonly what: string;
  readonly quiet: boolean;
  readonly graphics: Graphics;
  readonly tally: Tally;
}

/**
 * For a person: progress and pictures on stderr where that is a terminal, a line a result on stdout, a summary on
 * stderr. While the terminal shows progress, the lines of results wait for its end.
 */
export class TextReporter implements Reporter {
  readonly #options: TextOptions;
  readonly #screen: Screen | undefined;
  #grid: Grid | undefined;
  /** Lines for stdout. */
  readonly #waiting: { readonly row: number; readonly line: string }[] = [];
  #summary = "";
  #last = "";

  constructor(options: TextOptions) {
    this.#options = options;
    const { graphics, tally, quiet, what } = options;
    const { stderr } = process;
    if (quiet || !stderr.isTTY) return;
    this.#screen = new Screen(stderr, graphics);
    this.#screen.start(() => progressLine(tally, what, sizeOf(stderr).columns, performance.now()));
  }

  accepted(_job: string, _accepted: Accepted): void {}

  queued(): void {}

  progressed(): void {}

  async pictured(row: number, picture: Shown): Promise<void> {
    if (this.#screen === undefined || this.#options.graphics.preview === "none") return;
    this.#grid ??= this.#gridFor(picture);
    if (await this.#grid.show(row, picture)) this.#screen.show(this.#grid.raster);
  }

  finished(result: Result): void {
    const line = lineOf(result);
    // A file of all results is told once.
    if (line === this.#last) return;
    this.#last = line;
    if (this.#screen === undefined) process.stdout.write(line);
    else this.#waiting.push({ row: result.row, line });
  }

  cancelled(): void {}

  completed(completed: Completed): void {
    if (!this.#options.quiet) this.#summary = summaryOf(completed);
  }

  async close(): Promise<void> {
    await this.#screen?.stop();
    process.stdout.write(this.#told());
    process.stderr.write(this.#summary);
  }

  /** What waited: in order, and where files would push the pictures away, the first and the last. */
  #told(): string {
    const lines = this.#waiting.sort((a, b) => a.row - b.row).map(({ line }) => line);
    const isLong = lines.length > MOST_LINES && this.#grid !== undefined && process.stdout.isTTY;
    if (!isLong) return lines.join("");
    return `${lines[0]?.trim()} ... ${lines.at(-1)?.trim()} (${lines.length} files)\n`;
  }

  /** Once the size of the pictures is known. */
  #gridFor(picture: Shown): Grid {
    const { graphics, tally } = this.#options;
    const count = tally.results ?? 1;
    const rules = rulesOf(graphics);
    return new Grid(layoutOf(count, picture, rules), rules.gap);
  }
}

/** In characters. A terminal that doesn't know says 0. */
function sizeOf({ columns, rows }: WriteStream): { columns: number; rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}

function rulesOf({ preview, cell }: Graphics): LayoutRules {
  const { columns, rows } = sizeOf(process.stderr);
  const lines = Math.max(1, rows - TEXT_LINES);
  if (preview === "blocks") {
    const area: Size = { width: columns, height: 2 * lines };
    return { area, gap: 2, maxSide: 32, minScale: 0.25 };
  }
  const area: Size = { width: columns * cell.width, height: lines * cell.height };
  return { area, gap: 4, maxSide: 128, minScale: 0.5 };
}

function lineOf({ file, input, likelihood }: Result): string {
  if (likelihood === undefined) return file === "-" ? "" : `${printable(file ?? "")}\n`;
  const { bitsPerDim, standardErrorBitsPerDim: error } = likelihood;
  const spread = error > 0 ? ` ± ${error.toFixed(3)}` : "";
  return `${bitsPerDim.toFixed(3)}${spread} bits/dim  ${printable(input ?? `picture ${likelihood.row}`)}\n`;
}

function summaryOf({
  seed,
  evaluations,
  running,
  queued,
  meanBatchRows,
  adjusted,
  cancelledRows,
}: Completed): string {
  const seconds = [running, queued].map((time) => (secondsOf(time) ?? 0).toFixed(1));
  const facts = [
    ...(seed === 0n ? [] : [`seed ${seed}`]),
    `${evaluations} evaluations in ${seconds[0]} s after ${seconds[1]} s in the queue`,
    `${meanBatchRows.toFixed(1)} rows a batch`,
    ...(cancelledRows.length === 0 ? [] : [`cancelled: ${imagesOf(cancelledRows)}`]),
    ...(adjusted === "" ? [] : [`to meet the deadline: ${adjusted}`]),
  ];
  return `${facts.join(", ")}\n`;
}

function imagesOf(rows: readonly number[]): string {
  return `${rows.length === 1 ? "image" : "images"} ${rows.join(", ")}`;
}
