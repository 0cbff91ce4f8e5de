import { type Logger, pino } from "pino";
import type { Config } from "../config/config.ts";
import { parseCommand } from "../config/parse.ts";

/** The defaults, on free ports of this machine, quiet. */
export function testConfig(changes: Partial<Config> = {}): Config {
  const command = parseCommand(["--grpc-port=0", "--http-port=0", "--log-level=silent"], {});
  if (command.help) throw new Error("no help was asked for");
  return { ...command.config, ...changes };
}

export const silent: Logger = pino({ level: "silent" });
