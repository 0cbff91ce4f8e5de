import { type Config, ConfigError } from "./config/config.ts";
import { renderHelp } from "./config/help.ts";
import { parseCommand } from "./config/parse.ts";
import { createLogger } from "./log.ts";
import { startServer } from "./start.ts";

/** A signal that repeats within this is the same one: npm and a terminal both pass Ctrl-C on. */
const REPEAT_MS = 1000;

/** Resolves with the first signal to stop; a second one, unless it is the first again, ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (first !== undefined && now - first > REPEAT_MS) process.exit(1);
      first ??= now;
      resolve(signal);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}

/** Runs a server until it is told to stop. */
async function serve(config: Config): Promise<void> {
  const stopped = stopSignal();
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
  log.info({ signal: await stopped }, "stopping");
  await server.close();
  log.info("stopped");
  process.exit();
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
