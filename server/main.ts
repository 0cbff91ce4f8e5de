import { once } from "node:events";
import { type Config, ConfigError } from "./config/config.ts";
import { renderHelp } from "./config/help.ts";
import { parseCommand } from "./config/parse.ts";
import { createLogger } from "./log.ts";
import { startServer } from "./start.ts";

/** Runs a server until it is told to stop. */
async function serve(config: Config): Promise<void> {
  const log = createLogger(config.logLevel);
  log.info({ config }, "starting");
  const server = await startServer(config, log);
  const { host } = config;
  const ready = {
    ready: true,
    grpc: `${host}:${server.grpcPort}`,
    http: `http://${host}:${server.httpPort}`,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  const signal = await Promise.race([
    once(process, "SIGTERM").then(() => "SIGTERM"),
    once(process, "SIGINT").then(() => "SIGINT"),
  ]);
  // A second signal ends the process at once, as it would have without us.
  process.removeAllListeners("SIGTERM").removeAllListeners("SIGINT");
  log.info({ signal }, "stopping");
  await server.close();
  log.info("stopped");
}

try {
  const command = parseCommand();
  if (command.help) process.stdout.write(renderHelp());
  else await serve(command.config);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
