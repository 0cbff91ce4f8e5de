import type { IncomingMessage, ServerResponse } from "node:http";
import type { ModelProblem } from "../models/repository.ts";
import type { Service } from "../service.ts";
import { isHostKnown } from "./known-host.ts";
import { answerFile, type Page } from "./page.ts";

/** What there is, for whoever asks for something else. */
const ENDPOINTS = {
  "/": "the page",
  "/healthz": "200 while the process lives",
  "/server.json": "what the page can't know by itself: gRPC's port",
  "/readyz": "200 when requests are served, 503 when not, with the reasons",
  "/v1/stream": "the WebSocket: ClientFrame and ServerFrame of scorestream/v1",
} as const;

/** What an operator wants to know beside whether requests are served. */
export interface Readiness {
  /** What keeps the service from being ready. */
  readonly reasons: readonly string[];
  /** What is there to be served and is not. */
  readonly problems?: readonly ModelProblem[];
}

const UNKNOWN: Readiness = { reasons: ["the service starts, drains or has no working device"] };

/** What HTTP is answered with beside the service. */
export interface HttpAnswers {
  /** The files of the page; left out: none. */
  readonly page?: Page;
  /** What /readyz says beside whether the service is ready. */
  readonly readiness?: () => Readiness;
  /** Names under which the page is served, as `isHostKnown` takes them; left out: any. */
  readonly names?: readonly string[] | undefined;
  /** For /server.json; left out: unknown. */
  readonly grpcPort?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one HTTP request, with a file of the page or with JSON. Requests have no bodies to read, and none is read. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  { page, readiness = () => UNKNOWN, names, grpcPort }: HttpAnswers = {},
): void {
  const path = pathOf(request);
  const { host } = request.headers;
  const file = isRead(request.method) ? page?.get(path) : undefined;
  const isOfPage = file !== undefined || path === "/server.json";
  if (isOfPage && names !== undefined && !isHostKnown(host, names)) {
    send(request, response, { status: 421, body: { error: wrongHost(host) } });
  } else if (file !== undefined) answerFile(request, response, file);
  else send(request, response, route(request.method, path, service, { readiness, grpcPort }));
}

function wrongHost(host: string | undefined): string {
  const expected = "an address, localhost, or the name of an origin in --allowed-origins";
  return `Host: seen ${JSON.stringify(host ?? "")}, expected ${expected}`;
}

function isRead(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD";
}

/** The path of a request's target, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").replace(/\?.*$/s, "");
}

/** Sends an answer as JSON. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, headers }: Answer,
): void {
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
  { readiness, grpcPort }: { readiness: () => Readiness; grpcPort: number | undefined },
): Answer {
  if (!Object.hasOwn(ENDPOINTS, path)) {
    return { status: 404, body: { error: "there is nothing at this path", endpoints: ENDPOINTS } };
  }
  if (!isRead(method)) {
    const body = { error: `${method ?? ""} is not served here, expected GET or HEAD` };
    return { status: 405, body, headers: { allow: "GET, HEAD" } };
  }
  if (path === "/server.json") return { status: 200, body: { grpcPort } };
  if (path === "/healthz") return { status: 200, body: { alive: true } };
  if (path === "/readyz") {
    const { ready } = service;
    const { reasons, problems = [] } = readiness();
    const body = {
      ready,
      reasons: ready ? [] : reasons,
      problems: problems.map(({ message }) => message),
    };
    return { status: ready ? 200 : 503, body };
  }
  if (path === "/") {
    return { status: 404, body: { error: "the page was not built: `npm run build` makes it" } };
  }
  const body = { error: "this path is a WebSocket, expected an upgrade" };
  return { status: 426, body, headers: { upgrade: "websocket", connection: "upgrade" } };
}
