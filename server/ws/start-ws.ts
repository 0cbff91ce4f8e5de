import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { WebSocketServer } from "ws";
import type { Config } from "../config/config.ts";
import { isHostKnown, knownNames } from "../http/known-host.ts";
import type { Service } from "../service.ts";
import { CLOSE } from "./close-codes.ts";
import { Connection, type ConnectionLimits } from "./connection.ts";
import { isOriginAllowed, readOrigins } from "./origin.ts";

/** Where the WebSocket is. */
export const STREAM_PATH = "/v1/stream";

/** How often each peer is asked for a sign of life, in ms: well under the minute after which proxies drop a silent
 * connection. */
const HEARTBEAT_MS = 20_000;

/** How long a peer may take to answer a close before it is dropped, in ms. */
const CLOSE_TIMEOUT_MS = 2_000;

type WsConfig = Pick<
  Config,
  "host" | "maxFrameBytes" | "maxSocketBufferBytes" | "slowReaderS" | "maxRows" | "allowedOrigins"
>;

/** The WebSocket front end. */
export interface Sockets {
  /** Open ones. */
  readonly size: number;
  /** Takes no new sockets, lets requests in flight end for at most `graceMs`, then closes with 1001. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves the contract's ClientFrame and ServerFrame at `/v1/stream` of an HTTP server. Call it in the turn in which
 * that server began to listen. Upgrades of other paths get 404, those of pages of other origins 403.
 */
export function startWs(
  http: Server,
  service: Service,
  config: WsConfig,
  log: Logger,
  heartbeatMs: number = HEARTBEAT_MS,
): Sockets {
  const sockets = new WebSocketServer(serverOptions(config));
  const connections = new Set<Connection>();
  const allowed = readOrigins(config.allowedOrigins);
  const names = knownNames(config.host, allowed);
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", (error) => log.debug({ err: error }, "an upgrade failed"));
    if (path(request) !== STREAM_PATH) {
      refuse(socket, "404 Not Found");
      return;
    }
    const { origin, host } = request.headers;
    // Only a browser can be led here by a name, and a browser names its origin.
    if (origin !== undefined && names !== undefined && !isHostKnown(host, names)) {
      log.warn({ origin, host }, "a page under an unknown name was refused: see --allowed-origins");
      refuse(socket, "403 Forbidden");
      return;
    }
    if (!isOriginAllowed(origin, host, allowed)) {
      log.warn({ origin, host }, "a page of another origin was refused: see --allowed-origins");
      refuse(socket, "403 Forbidden");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(
        webSocket,
        service,
        limits(config),
        log,
        request.headers.traceparent,
      );
      connections.add(connection);
      webSocket.on("close", () => connections.delete(connection));
    });
  };
  http.on("upgrade", upgrade);
  const heart = setInterval(() => {
    for (const connection of connections) connection.heartbeat();
  }, heartbeatMs).unref();

  return {
    get size() {
      return connections.size;
    },
    async close(graceMs: number): Promise<void> {
      for (const connection of connections) connection.drain();
      const closed = new Promise<void>((resolve) => sockets.close(() => resolve()));
      const timer = setTimeout(() => {
        for (const each of connections) each.close(CLOSE.goingAway, "the server stops");
      }, graceMs);
      await closed;
      clearTimeout(timer);
      clearInterval(heart);
      http.off("upgrade", upgrade);
    },
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function serverOptions(config: WsConfig): {
  noServer: true;
  maxPayload: number;
  perMessageDeflate: false;
  closeTimeout: number;
} {
  // Pictures are compressed already, and deflate costs memory for every socket.
  return {
    noServer: true,
    maxPayload: config.maxFrameBytes,
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
}

function limits(config: WsConfig): ConnectionLimits {
  return {
    maxBufferBytes: config.maxSocketBufferBytes,
    slowReaderMs: 1000 * config.slowReaderS,
    // A running job has a row, so this bounds only watchers.
    maxRequests: Math.max(1024, 2 * config.maxRows),
  };
}

/** The path of a request's target, without its query. */
function path(request: IncomingMessage): string {
  return (request.url ?? "").replace(/\?.*$/s, "");
}
