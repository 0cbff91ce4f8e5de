import { isatty } from "node:tty";
import type { Logger } from "pino";
import { type Config, ConfigError } from "./config/config.ts";
import { renderHelp } from "./config/help.ts";
import { parseCommand } from "./config/parse.ts";
import { Halt } from "./halt.ts";
import { createLogger } from "./log.ts";
import { type RunningServer, startServer } from "./start.ts";

/** How the process ends; docs/operations.md. */
const EXIT = { stopped: 0, failed: 1, configuration: 2 } as const;

/** A signal that repeats within this is the same one: npm and a terminal both pass Ctrl-C on. */
const REPEAT_MS = 1000;

/** Whether a terminal started this process: it sends SIGHUP when it closes. */
const FROM_TERMINAL = isatty(0);

const halt = new Halt();

/** Ends the process, its threads first: one that is inside ONNX Runtime when the process exits makes that an abort. */
async function exit(code: number): Promise<void> {
  // Of a thread that never comes back, exit() would wait for the end.
  if (!(await halt.now())) process.kill(process.pid, "SIGKILL");
  process.exit(code);
}

/** Resolves with the first signal to stop; a second one, unless it is the first again, ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (first !== undefined && now - first > REPEAT_MS) void exit(EXIT.failed);
      first ??= now;
      resolve(signal);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    process.on("SIGHUP", () => {
      if (FROM_TERMINAL && !isatty(0)) stop("SIGHUP");
    });
  });
}

/** Reloads on SIGHUP, one that came before the server was there included. */
function reloadOnSignal(started: Promise<RunningServer>, log: Logger): void {
  process.on("SIGHUP", () => {
    log.info({ signal: "SIGHUP" }, "reloading");
    started
      .then((server) => server.reload())
      .catch((error: unknown) => log.error({ err: error }, "the reload failed"));
  });
}

/** Runs a server until it is told to stop. @returns the exit code */
async function serve(config: Config): Promise<number> {
  const stopped = stopSignal();
  const log = createLogger(config.logLevel);
  log.info({ config }, "starting");
  const starting = startServer(config, log, { halt });
  reloadOnSignal(starting, log);
  let server: RunningServer | undefined;
  void stopped.then((signal) => {
    if (server !== undefined) return;
    log.info({ signal }, "stopping before it is ready");
    void halt.now();
  });
  try {
    server = await starting;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (halt.asked) {
      log.info("stopped");
      return EXIT.stopped;
    }
    log.fatal({ err: error }, "the server can't start");
    return EXIT.failed;
  }
  const { host } = config;
  const { adminPort, metricsPort } = server;
  const ready = {
    ready: true,
    grpc: `${host}:${server.grpcPort}`,
    http: `http://${host}:${server.httpPort}`,
    ...(adminPort === undefined
      ? {}
      : { admin: `http://${config.admin.replace(/\d+$/, String(adminPort))}` }),
    ...(metricsPort === undefined
      ? {}
      : { metrics: `http://${config.metrics.replace(/\d+$/, String(metricsPort))}/metrics` }),
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  const signal = await stopped;
  log.info({ signal }, "stopping");
  const jobsCut = await server.close({ atOnce: signal !== "SIGTERM" });
  if (jobsCut > 0) log.warn({ jobsCut }, "jobs did not end in time");
  log.info("stopped");
  return EXIT.stopped;
}

try {
  const command = parseCommand();
  if (command.help) process.stdout.write(renderHelp());
  else await exit(await serve(command.config));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.configuration;
}
