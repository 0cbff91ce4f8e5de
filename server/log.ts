import { type Logger, pino } from "pino";
import type { LogLevel } from "./config/config.ts";

/** The server's log: JSON lines on stderr. stdout is kept for the one line that says that it is ready. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level }, pino.destination({ dest: 2, sync: true }));
}
