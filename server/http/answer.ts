import type { IncomingMessage, ServerResponse } from "node:http";
import type { Service } from "../service.ts";

/** What there is, for whoever asks for something else. */
const ENDPOINTS = {
  "/healthz": "200 while the process lives",
  "/readyz": "200 when requests are served, 503 when not, with the reasons",
  "/v1/stream": "the WebSocket: ClientFrame and ServerFrame of scorestream/v1",
} as const;

const UNKNOWN_REASON = ["the service starts, drains or has no working device"] as const;

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one HTTP request with JSON. Requests have no bodies to read, and none is read. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  whyNotReady: () => readonly string[] = () => UNKNOWN_REASON,
): void {
  const path = (request.url ?? "").replace(/\?.*$/s, "");
  const { status, body, headers } = route(request.method, path, service, whyNotReady);
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : text);
}

function route(
  method: string | undefined,
  path: string,
  service: Service,
  whyNotReady: () => readonly string[],
): Answer {
  if (!Object.hasOwn(ENDPOINTS, path)) {
    return { status: 404, body: { error: "there is nothing at this path", endpoints: ENDPOINTS } };
  }
  if (method !== "GET" && method !== "HEAD") {
    const body = { error: `${method ?? ""} is not served here, expected GET or HEAD` };
    return { status: 405, body, headers: { allow: "GET, HEAD" } };
  }
  if (path === "/healthz") return { status: 200, body: { alive: true } };
  if (path === "/readyz") {
    return service.ready
      ? { status: 200, body: { ready: true, reasons: [] } }
      : { status: 503, body: { ready: false, reasons: whyNotReady() } };
  }
  const body = { error: "this path is a WebSocket, expected an upgrade" };
  return { status: 426, body, headers: { upgrade: "websocket", connection: "upgrade" } };
}
