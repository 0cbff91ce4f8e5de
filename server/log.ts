import { type Logger, pino } from "pino";
import type { LogLevel } from "./config/config.ts";
import { traceFields } from "./telemetry/caller-trace.ts";

/** The server's log: JSON lines on stderr. stdout is kept for the one line that says that it is ready. What is logged while
 * a request is served in its caller's trace has the trace's ids. No pictures, tensors or keys are logged. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level, mixin: traceFields }, pino.destination({ dest: 2, sync: true }));
}
