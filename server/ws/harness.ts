import type { ExecutionContext } from "ava";
import type { Config } from "../config/config.ts";
import { type HttpListening, startHttp } from "../http/start-http.ts";
import { silent, testConfig } from "../testing/config.ts";
import { ScriptedService } from "../testing/scripted-service.ts";
import { WsClient } from "../testing/ws-client.ts";
import { type Sockets, startWs } from "./start-ws.ts";

/** A WebSocket front end over a scripted service, and a client of it, for one test. */
export interface Harness {
  readonly service: ScriptedService;
  readonly http: HttpListening;
  readonly sockets: Sockets;
  readonly client: WsClient;
}

export async function serveWs(
  t: ExecutionContext,
  changes: Partial<Config> = {},
  heartbeatMs?: number,
): Promise<Harness> {
  const service = new ScriptedService();
  const config = testConfig(changes);
  const http = await startHttp(service, config, silent);
  const sockets = startWs(http.server, service, config, silent, heartbeatMs);
  const client = await WsClient.connect(http.port);
  t.teardown(async () => {
    client.socket.terminate();
    await Promise.all([sockets.close(0), http.close(0)]);
  });
  return { service, http, sockets, client };
}
