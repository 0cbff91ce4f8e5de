import { fileURLToPath } from "node:url";
import { type Logger, pino } from "pino";
import type { Config } from "../config/config.ts";
import { parseCommand } from "../config/parse.ts";

/** Derived graphs of all tests, beside what is compiled: a graph is derived and proved once. */
export const TEST_CACHE: string = fileURLToPath(new URL("../../derived", import.meta.url));

/** The defaults, on free ports of this machine, quiet; batches are shared only where a test asks for it: it takes longer to start. */
export function testConfig(changes: Partial<Config> = {}): Config {
  const flags = [
    ...["--grpc-port=0", "--http-port=0", "--log-level=silent", `--cache=${TEST_CACHE}`],
    ...["--drain-delay-s=0", "--team=1"],
  ];
  const command = parseCommand(flags, {});
  if (command.help) throw new Error("no help was asked for");
  return { ...command.config, ...changes };
}

export const silent: Logger = pino({ level: "silent" });
