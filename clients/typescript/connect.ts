import { WebSocket } from "ws";
import type { ClientOptions } from "./core/call-options.ts";
import { Client } from "./core/client.ts";
import { type Socket, socketUrl } from "./core/socket.ts";
import { SocketTransport } from "./core/socket-transport.ts";
import { GrpcTransport } from "./grpc/grpc-transport.ts";

/** Pictures come in frames of any size; the package's own limit is 100 MiB. */
const MAX_FRAME_BYTES = 2 ** 30;

/**
 * A server, over gRPC or over its WebSocket: the same client either way. Connects with the first call.
 *
 * @param address of gRPC a host and port, such as `127.0.0.1:50051`; of the WebSocket a URL, such as `ws://127.0.0.1:8080`
 * @throws TypeError for a URL of another scheme than ws, wss, http and https
 */
export function connect(address: string, options: ClientOptions = {}): Client {
  const transport = address.includes("://")
    ? new SocketTransport(socketUrl(address), openSocket)
    : new GrpcTransport(address);
  return new Client(transport, options);
}

/** By the package `ws`: Node has a WebSocket of its own from 22 on. */
function openSocket(url: string): Socket {
  return new WebSocket(url, { maxPayload: MAX_FRAME_BYTES });
}
