import type { RequestListener } from "node:http";
import type { Logger } from "pino";
import { parseAddress } from "../config/setting.ts";
import { pathOf, send } from "../http/answer.ts";
import { type HttpListening, listenHttp } from "../http/start-http.ts";

/**
 * Answers Prometheus at `/metrics` of an address of its own.
 *
 * @param address HOST:PORT; "": nothing is served
 * @param answer what answers; undefined: nothing is served
 * @throws Error when it can't listen there
 */
export async function startMetrics(
  address: string,
  answer: RequestListener | undefined,
  log: Logger,
): Promise<HttpListening | undefined> {
  const parsed = parseAddress(address);
  if (parsed === undefined || answer === undefined) return undefined;
  return listenHttp(parsed.host, parsed.port, log, (request, response) => {
    if (pathOf(request) === "/metrics") answer(request, response);
    else send(request, response, { status: 404, body: { error: "expected /metrics" } });
  });
}
