import { Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Service } from "../service.ts";
import { scoreStreamDefinition } from "./definition.ts";
import { addHealth } from "./health.ts";
import { type Called, observeCalls } from "./observe-calls.ts";
import { addReflection } from "./reflection.ts";
import { scoreStreamHandlers } from "./score-stream.ts";

/** A server asks a silent client for a sign of life so often, and gives it so long to answer, in ms. */
const KEEPALIVE_MS = 20_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

/** A front end that listens. */
export interface Listening {
  readonly port: number;
  /**
   * Takes no new connections, lets what runs end for at most `graceMs`, then ends it. Resolves when all is closed.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves scorestream.v1.ScoreStream, grpc.health.v1 and reflection.
 *
 * @param called is told of each call that has ended
 * @throws Error when it can't listen on the configured address
 */
export async function startGrpc(
  service: Service,
  config: Pick<Config, "host" | "grpcPort" | "maxFrameBytes" | "maxRows">,
  log: Logger,
  called: Called = () => {},
): Promise<Listening> {
  const server = new Server({ ...options(config), interceptors: [observeCalls(called)] });
  server.addService(scoreStreamDefinition, scoreStreamHandlers(service, log));
  const health = addHealth(server, service);
  addReflection(server);
  const port = await listen(server, address(config.host, config.grpcPort));
  return {
    port,
    async close(graceMs: number): Promise<void> {
      health.drain();
      await shutDown(server, graceMs);
      health.stop();
    },
  };
}

function options(config: Pick<Config, "maxFrameBytes" | "maxRows">): ServerOptions {
  return {
    "grpc.max_receive_message_length": config.maxFrameBytes,
    // What we send is as large as the model's pictures; the client bounds what it takes.
    "grpc.max_send_message_length": -1,
    // A running job has a row, so this bounds only idle calls and watchers.
    "grpc.max_concurrent_streams": Math.max(1024, 2 * config.maxRows),
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
  };
}

function address(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function listen(server: Server, at: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(at, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function shutDown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
