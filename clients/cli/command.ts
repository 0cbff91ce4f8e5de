import { type ParseArgsConfig, parseArgs } from "node:util";

/** A command of `scorestream`: a file beside this one, and its row in `main.ts`. */
export interface Command {
  /** What `scorestream <command> --help` prints. */
  readonly help: string;
  /**
   * @param args what follows the command's name, without `--help`
   * @returns what goes to stdout
   * @throws UsageError for a command line that can't be meant: exit code 2; any other error: exit code 1
   */
  readonly run: (args: readonly string[]) => Promise<string>;
}

/** A command line that can't be understood. The message says what was seen and what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Flags and positionals. @throws UsageError for an unknown flag or one that lacks its value */
export function parsed<const T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
