import { spawn } from "node:child_process";
import { platform } from "node:os";
import xterm from "@xterm/headless";
import { MAIN } from "./scorestream.ts";

/** Pseudo-terminals are util-linux's `script`, which Debian always has; others have other flags. */
export const canRun: boolean = platform() === "linux";

/** A terminal that a program runs in. */
export interface TerminalRun {
  readonly code: number | null;
  /** All that the program wrote, as it came. */
  readonly output: string;
  /** What the emulator shows at the end. */
  readonly screen: xterm.Terminal;
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the terminal answers when it is asked what it is; left out: as xterm.js does, which has no pictures. */
  readonly reply?: string;
  /** Sees the terminal after each change of it; what it returns is typed. */
  readonly onScreen?: (screen: xterm.Terminal) => string | undefined;
}

/** The last question that a terminal is asked (DA1). */
const QUESTION = "\x1b[c";

/**
 * Runs the program in a pseudo-terminal, whose other end is a terminal emulator, as in an editor or a browser.
 *
 * @param line without spaces in its arguments
 */
export async function runInTerminal(line: string, options: TerminalOptions): Promise<TerminalRun> {
  const { columns, rows, cwd, env, reply, onScreen } = options;
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const command = `stty cols ${columns} rows ${rows}; exec '${process.execPath}' '${MAIN}' ${line}`;
  const child = spawn(
    "script",
    ["--quiet", "--flush", "--return", "--command", command, "/dev/null"],
    {
      cwd,
      env: { PATH: process.env.PATH ?? "", TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
    },
  );
  let output = "";
  let isAnswered = false;
  if (reply === undefined) screen.onData((text) => child.stdin.write(text));
  child.stdin.on("error", () => {});
  const written: Promise<void>[] = [];
  child.stdout.on("data", (bytes: Buffer) => {
    output += bytes.toString("latin1");
    if (reply !== undefined && !isAnswered && output.includes(QUESTION)) {
      isAnswered = true;
      child.stdin.write(reply);
    }
    written.push(
      new Promise((resolve) =>
        screen.write(bytes, () => {
          const typed = onScreen?.(screen);
          if (typed !== undefined) child.stdin.write(typed);
          resolve();
        }),
      ),
    );
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  await Promise.all(written);
  return { code, output, screen };
}

/** The lines that a terminal shows, without the empty ones at its end. */
export function linesOf(screen: xterm.Terminal): string[] {
  const { active } = screen.buffer;
  const lines = Array.from(
    { length: active.length },
    (_, y) => active.getLine(y)?.translateToString(true) ?? "",
  );
  return lines.slice(0, 1 + lines.findLastIndex((line) => line !== ""));
}
