import type { ExecutionContext } from "ava";
import type { ScoreStreamClient } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Config } from "../config/config.ts";
import { silent, testConfig } from "../testing/config.ts";
import { connectGrpc } from "../testing/grpc-client.ts";
import { ScriptedService } from "../testing/scripted-service.ts";
import { type Listening, startGrpc } from "./start-grpc.ts";

/** A gRPC front end over a scripted service, and a client of it, for one test. */
export interface Harness {
  readonly service: ScriptedService;
  readonly server: Listening;
  readonly client: ScoreStreamClient;
}

export async function serveGrpc(
  t: ExecutionContext,
  changes: Partial<Config> = {},
): Promise<Harness> {
  const service = new ScriptedService();
  const server = await startGrpc(service, testConfig(changes), silent);
  const client = connectGrpc(server.port);
  t.teardown(async () => {
    client.close();
    await server.close(0);
  });
  return { service, server, client };
}
