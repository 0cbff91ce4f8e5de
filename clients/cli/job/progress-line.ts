import { clock } from "./duration.ts";
import type { Tally } from "./tally.ts";

const BAR_WIDTH = 24;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** One line: how far a job is, and how long it will take. No longer than the terminal is wide. */
export function progressLine(tally: Tally, what: string, columns: number, now: number): string {
  const remaining = tally.remainingS(now);
  const eta = remaining === undefined ? "" : `ETA ${clock(remaining)}`;
  const total = tally.results ?? "?";
  const parts = {
    starting: ["starting"],
    queued: ["queued", ahead(tally.rowsAhead), eta],
    running: [
      `${bar(tally.fraction)} ${String(Math.floor(100 * tally.fraction)).padStart(3)} %`,
      `${tally.done}/${total} ${what}`,
      `${tally.evaluations} evaluations`,
      eta,
    ],
  }[tally.state];
  return parts
    .filter((part) => part !== "")
    .join("  ")
    .slice(0, columns - 1);
}

function ahead(rows: bigint | undefined): string {
  return rows === undefined ? "" : `${rows} rows ahead`;
}

function bar(fraction: number): string {
  const eighths = Math.round(8 * BAR_WIDTH * fraction);
  const text = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return text.padEnd(BAR_WIDTH, "░");
}
