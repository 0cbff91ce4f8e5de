/** A server of scorestream's parts that schedules as others do: for `npm run bench:rivals`, and of no other use. */
import { parseCommand } from "../../server/config/parse.ts";
import { createLogger } from "../../server/log.ts";
import { startServer } from "../../server/start.ts";
import { RequestLevelScheduler } from "./request-level.ts";

const SCHEDULERS = {
  "request-level": () => new RequestLevelScheduler(),
  "one-at-a-time": () => new RequestLevelScheduler(1),
} as const;

const [name = "", ...flags] = process.argv.slice(2);
const scheduler = SCHEDULERS[name as keyof typeof SCHEDULERS];
const command = parseCommand(flags);
if (scheduler === undefined || command.help) {
  throw new Error(`seen ${name}, expected one of ${Object.keys(SCHEDULERS).join(", ")} and flags`);
}
const { config } = command;
const server = await startServer(config, createLogger(config.logLevel), { scheduler: scheduler() });
process.once("SIGTERM", () => void server.close({ atOnce: true }).then(() => process.exit(0)));
const [grpc, http] = [server.grpcPort, server.httpPort].map((port) => `${config.host}:${port}`);
process.stdout.write(`${JSON.stringify({ ready: true, grpc, http: `http://${http}` })}\n`);
