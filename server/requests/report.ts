import type { Logger } from "pino";
import { asServerError, type ServerError } from "../errors.ts";
import type { CallName } from "./calls.ts";

/**
 * Any thrown value as the ServerError to send, logged on the way: what is our fault with its cause (which is never
 * sent), what is the caller's for those who debug.
 */
export function report(log: Logger, call: CallName | "frame", thrown: unknown): ServerError {
  const error = asServerError(thrown);
  const ours = error.code === "internal" || error.code === "nonfinite-output";
  const fields = { call, code: error.code, err: error.cause };
  if (ours) log.error(fields, error.message);
  else log.debug(fields, error.message);
  return error;
}
