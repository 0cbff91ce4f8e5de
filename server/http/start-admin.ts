import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import { parseAddress } from "../config/setting.ts";
import { describeDevice } from "../devices/describe-device.ts";
import type { OpenDevice } from "../devices/open-fleet.ts";
import { asServerError } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import type { ReloadReport, ServedModels } from "../models/served-models.ts";
import { type Answer, pathOf, send } from "./answer.ts";
import { type HttpListening, listenHttp } from "./start-http.ts";

/** What there is, for whoever asks for something else. */
const ENDPOINTS = {
  "GET /v1/devices": "what networks run on, and which providers were preferred and do not work",
  "GET /v1/models":
    "the versions that are served, those that end their last jobs, and what can't be served",
  "POST /v1/models/reload":
    "serves what the folder of models has now; 200, or 422 where some of it can't be served",
} as const;

/** What the operator's calls act on. */
export interface Administered {
  readonly devices: readonly OpenDevice[];
  readonly models: Pick<ServedModels, "current" | "retiring">;
  reload(): Promise<ReloadReport>;
}

/**
 * Serves the operator's calls at an address of their own, so that who may make them is who can reach it. Requests of web
 * pages are refused: a page of any origin can send a POST to a loopback address.
 *
 * @param address HOST:PORT; "": nothing is served
 * @throws Error when it can't listen there
 */
export async function startAdmin(
  address: string,
  administered: Administered,
  log: Logger,
): Promise<HttpListening | undefined> {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  return listenHttp(parsed.host, parsed.port, log, (request, response) => {
    void route(request, administered, log).then((answer) => send(request, response, answer));
  });
}

async function route(
  request: IncomingMessage,
  { models, devices, reload }: Administered,
  log: Logger,
): Promise<Answer> {
  if (request.headers.origin !== undefined || request.headers["sec-fetch-site"] !== undefined) {
    return {
      status: 403,
      body: { error: "this is for the operator's programs, not for web pages" },
    };
  }
  switch (`${request.method ?? ""} ${pathOf(request)}`) {
    case "GET /v1/models": {
      const { current, retiring } = models;
      const served = [...current.models.values()].map(describe);
      const body = { served, retiring: retiring.map(describe), problems: current.problems };
      return { status: 200, body };
    }
    case "GET /v1/devices":
      return { status: 200, body: { devices: devices.map(describeDevice) } };
    case "POST /v1/models/reload":
      try {
        const report = await reload();
        return { status: report.problems.length === 0 ? 200 : 422, body: report };
      } catch (thrown) {
        const error = asServerError(thrown);
        if (error.code === "internal") log.error({ err: error.cause }, "a reload failed");
        const status = error.code === "shutting-down" ? 503 : 500;
        return { status, body: { error: error.message, code: error.code } };
      }
    default:
      return { status: 404, body: { error: "there is no such call", endpoints: ENDPOINTS } };
  }
}

function describe({ name, version, sha256, graphs }: Model): object {
  return { model: name, version, sha256, graphs: [...graphs.keys()] };
}
