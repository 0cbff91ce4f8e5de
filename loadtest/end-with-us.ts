import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";

/** What asks a program to end: Ctrl-C, `kill` and a terminal that closes. Nothing can be done about SIGKILL. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Children that have not ended, and what ends each. */
const children = new Map<ChildProcess, NodeJS.Signals>();

/**
 * Sees to it that a child does not outlive this process, however that ends but by SIGKILL: at its end, by an error that nobody
 * catches, or by a signal, after which it exits with 128 and the signal's number, as a shell tells it.
 *
 * @param signal what ends the child. SIGTERM for a program that has children of its own and ends them with itself
 */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals): void {
  if (children.size === 0) watch();
  children.set(child, signal);
  child.once("exit", () => {
    children.delete(child);
    if (children.size === 0) unwatch();
  });
}

function watch(): void {
  process.on("exit", endChildren);
  for (const signal of SIGNALS) process.on(signal, exit);
}

/** A process without children ends by a signal as it would without us. */
function unwatch(): void {
  process.off("exit", endChildren);
  for (const signal of SIGNALS) process.off(signal, exit);
}

function endChildren(): void {
  for (const [child, signal] of children) child.kill(signal);
}

/** By `process.exit`, so that others who clean up at the exit get to it, too. */
function exit(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal]);
}
