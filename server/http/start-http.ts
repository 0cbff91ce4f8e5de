import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Service } from "../service.ts";
import { answer, type HttpAnswers } from "./answer.ts";

/** A client must have sent its headers, and its whole request, within so long, in ms. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How long an idle connection is kept, in ms. */
const KEEP_ALIVE_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;

/** The HTTP front end. */
export interface HttpListening {
  readonly port: number;
  /** For the WebSocket to attach to. */
  readonly server: Server;
  /** Takes no new connections, lets requests end for at most `graceMs`, then drops them. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves /healthz, /readyz and the page.
 *
 * @throws Error when it can't listen on the configured address
 */
export async function startHttp(
  service: Service,
  config: Pick<Config, "host" | "httpPort">,
  log: Logger,
  answers: HttpAnswers = {},
): Promise<HttpListening> {
  return listenHttp(config.host, config.httpPort, log, (request, response) =>
    answer(request, response, service, answers),
  );
}

/** Serves HTTP at an address. @throws Error when it can't listen there */
export async function listenHttp(
  host: string,
  port: number,
  log: Logger,
  serve: RequestListener,
): Promise<HttpListening> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    serve,
  );
  await listen(server, host, port);
  server.on("error", (error) => log.error({ err: error }, "the HTTP server failed"));
  return {
    port: (server.address() as AddressInfo).port, // listens on TCP, so it is no string and no null
    server,
    close: (graceMs) => shutDown(server, graceMs),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function shutDown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
