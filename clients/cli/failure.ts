import { CommanderError } from "commander";
import { EXIT, Interrupted, UsageError } from "./exit-codes.ts";

/** How a command line failed. */
export interface Failure {
  readonly exitCode: number;
  readonly message: string;
  /** The command line itself is wrong: help would help. */
  readonly isUsage: boolean;
  /** The server's code. */
  readonly code?: string | undefined;
  /** A flag or a file. */
  readonly about?: string | undefined;
  readonly retryAfterS?: number | undefined;
}

/** @returns undefined where nothing failed: commander throws once it has printed help */
export async function failureOf(error: unknown): Promise<Failure | undefined> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    const message = error.message.replace(/^error: /, "");
    return { exitCode: EXIT.usage, message, isUsage: true };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) return { exitCode: EXIT.usage, message, isUsage: true };
  if (error instanceof Interrupted) return { exitCode: error.exitCode, message, isUsage: false };
  // Loads gRPC, which a wrong command line needn't wait for.
  const { RequestFailed } = await import("./errors.ts");
  if (!(error instanceof RequestFailed)) return { exitCode: EXIT.failed, message, isUsage: false };
  const { exitCode, code, about, retryAfterS } = error;
  return { exitCode, message, isUsage: false, code, about, retryAfterS };
}
