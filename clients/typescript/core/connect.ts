import type { ClientOptions } from "./call-options.ts";
import { Client } from "./client.ts";
import { socketUrl } from "./socket.ts";
import { SocketTransport } from "./socket-transport.ts";

/**
 * A server by its WebSocket, which carries all calls. Connects with the first call, and again after it was lost.
 *
 * @param address a URL such as `ws://127.0.0.1:8080`, or the page's own `location.origin`; http and https count as ws and wss
 * @throws TypeError for another address; Error where the platform has no WebSocket
 */
export function connect(address: string, options: ClientOptions = {}): Client {
  if (globalThis.WebSocket === undefined) {
    throw new Error(
      "there is no WebSocket here: with Node before 22, import from scorestream-client",
    );
  }
  const open = (url: string): WebSocket => new WebSocket(url);
  return new Client(new SocketTransport(socketUrl(address), open), options);
}
