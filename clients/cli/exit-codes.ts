/** What the program ends with; docs/cli.md lists them. A signal that ended it gives 128 and its number, as shells do. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  tryAgain: 4,
  /** 128 and SIGPIPE, which Node ignores. */
  brokenPipe: 141,
} as const;

/** A command line that can't be meant. The message says what was seen and what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A signal ended the command; the message says what became of the job. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;

  /** @param exitCode 128 and the signal's number */
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}
