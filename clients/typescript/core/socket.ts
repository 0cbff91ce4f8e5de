/** What is needed of a WebSocket: the browser's, that of Node 22, or that of the package `ws`. */
export interface Socket {
  binaryType: string;
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount: number;
  addEventListener(type: "open", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: "close",
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  addEventListener(type: "error", listener: (event: object) => void): void;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** Begins to connect. @throws SyntaxError where the URL is no WebSocket's */
export type OpenSocket = (url: string) => Socket;

/** Of a server's WebSocket. */
const PATH = "/v1/stream";

/**
 * The URL of a server's WebSocket.
 *
 * @param address a URL whose scheme is ws, wss, http or https; without a path, the server's own is meant
 * @throws TypeError for anything else
 */
export function socketUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^(ws|http)s?:$/.test(url.protocol)) {
    throw new TypeError(`address: seen "${address}", expected a URL such as ws://127.0.0.1:8080`);
  }
  url.protocol = url.protocol.replace("http", "ws");
  if (url.pathname === "/") url.pathname = PATH;
  url.hash = "";
  return url.href;
}
