import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { type Client, type ServiceError, status } from "@grpc/grpc-js";
import {
  ListModelsRequest,
  ListModelsResponse,
  ScoreStreamService,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { CallName } from "../requests/calls.ts";
import { messageType } from "../requests/contract.ts";
import type { RunningServer } from "../start.ts";
import type { BadRequest } from "./bad-request.ts";
import { connectGrpc, once, trailer } from "./grpc-client.ts";
import { type Got, WsClient } from "./ws-client.ts";

/** How a request was refused. */
export interface Refusal {
  readonly code: string;
  readonly grpcStatus: string;
  readonly message: string;
}

/** One way of asking the server, on one connection. */
export interface Front {
  readonly name: string;
  /** Sends a request; undefined where this way can't say it. */
  refused(request: BadRequest): Promise<Refusal> | undefined;
  /** The names of the models, by a good request on the same connection. */
  models(): Promise<readonly string[]>;
  close(): void;
}

/** Every way of asking a server. */
export async function connectFronts({
  grpcPort,
  httpPort,
}: RunningServer): Promise<readonly Front[]> {
  const [text, binary] = await Promise.all([
    WsClient.connect(httpPort),
    WsClient.connect(httpPort),
  ]);
  return [grpcFront(connectGrpc(grpcPort)), textFront(text), binaryFront(binary)];
}

function grpcFront(client: Client): Front {
  const call = (name: CallName, request: Uint8Array): Promise<Uint8Array> => {
    const { path, responseStream } = ScoreStreamService[name];
    const bytes = (value: Uint8Array): Buffer => Buffer.from(value);
    if (!responseStream) {
      return once((answer) =>
        client.makeUnaryRequest(path, bytes, bytes, request, (e, r) => answer(e, r ?? request)),
      );
    }
    const stream = client.makeServerStreamRequest(path, bytes, bytes, request);
    return new Promise((resolve, reject) => stream.on("error", reject).on("data", resolve));
  };
  return {
    name: "gRPC",
    refused: ({ call: name, bytes }) => bytes && call(name, bytes).then(unexpected, refusalOf),
    async models() {
      const bytes = await call("listModels", ListModelsRequest.encode({}).finish());
      return ListModelsResponse.decode(bytes).models.map(({ name }) => name);
    },
    close: () => client.close(),
  };
}

function refusalOf(error: ServiceError): Refusal {
  return {
    code: trailer(error, "scorestream-code"),
    grpcStatus: status[error.code] ?? "",
    message: error.details,
  };
}

function textFront(client: WsClient): Front {
  const ask = (call: CallName, json: unknown): Promise<Got> => {
    client.sendJson({ id: "a", [call]: json });
    return client.next();
  };
  return {
    name: "WebSocket in JSON",
    refused: ({ call, json }) => (json === undefined ? undefined : ask(call, json).then(errorOf)),
    models: async () => modelsOf(await ask("listModels", {})),
    close: () => client.socket.terminate(),
  };
}

function binaryFront(client: WsClient): Front {
  const fields = messageType("ClientFrame").fields;
  const ask = (call: CallName, bytes: Uint8Array): Promise<Got> => {
    const number = fields.find(({ localName }) => localName === call)?.number ?? 0;
    const frame = new BinaryWriter().uint32(0x0a).string("a").tag(number, 2).bytes(bytes);
    client.send(frame.finish());
    return client.next();
  };
  return {
    name: "WebSocket in protobuf",
    refused: ({ call, bytes }) => bytes && ask(call, bytes).then(errorOf),
    models: async () => modelsOf(await ask("listModels", new Uint8Array())),
    close: () => client.socket.terminate(),
  };
}

/** The error of an answer. @throws Error where it is none */
export function errorOf({ frame }: Got): Refusal {
  if (frame.response?.$case === "error") return frame.response.value;
  return unexpected(frame.response?.$case);
}

function modelsOf({ frame }: Got): readonly string[] {
  if (frame.response?.$case === "models")
    return frame.response.value.models.map(({ name }) => name);
  return unexpected(frame.response?.$case);
}

function unexpected(answer: unknown): never {
  throw new Error(`an answer that was not expected: ${String(answer)}`);
}
