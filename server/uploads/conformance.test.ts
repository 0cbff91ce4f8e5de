import type { ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import anyTest, { type TestFn } from "ava";
import {
  ClientFrame,
  type ScoreStreamClient,
  type UploadRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { GRPC_STATUS } from "../requests/grpc-status.ts";
import type { RunningServer } from "../start.ts";
import { BAD_UPLOADS } from "../testing/conformance-uploads.ts";
import { errorOf, type Refusal } from "../testing/front.ts";
import { connectGrpc, listModels, trailer } from "../testing/grpc-client.ts";
import { startService } from "../testing/start-service.ts";
import { floatUpload, uploadJson, uploadOverGrpc } from "../testing/uploads.ts";
import { type Got, WsClient } from "../testing/ws-client.ts";

interface Context {
  readonly server: RunningServer;
  readonly grpc: ScoreStreamClient;
  readonly socket: WsClient;
}

// One server and one connection of each kind for all: what a bad upload breaks, the tests after it see.
const test = anyTest.serial as TestFn<Context>;

test.before(async (t) => {
  const server = await startService();
  const socket = await WsClient.connect(server.httpPort);
  t.context = { server, grpc: connectGrpc(server.grpcPort), socket };
});

test.after.always(async (t) => {
  t.context.grpc.close();
  t.context.socket.socket.terminate();
  await t.context.server.close();
});

async function refusedByGrpc(
  client: ScoreStreamClient,
  parts: readonly UploadRequest[],
): Promise<Refusal> {
  try {
    await uploadOverGrpc(client, parts);
  } catch (thrown) {
    const error = thrown as ServiceError; // a call of grpc-js fails with nothing else
    const grpcStatus = status[error.code] ?? "";
    return { code: trailer(error, "scorestream-code"), grpcStatus, message: error.details };
  }
  throw new Error("the upload was taken");
}

type Send = (client: WsClient, value: UploadRequest) => void;

const FRAMES: readonly (readonly [name: string, send: Send])[] = [
  ["text", (client, value) => client.sendJson({ id: "a", upload: uploadJson(value) })],
  [
    "binary",
    (client, value) =>
      client.sendBinary(ClientFrame.create({ id: "a", request: { $case: "upload", value } })),
  ],
];

for (const { name, parts, code, message, grpcOnly } of BAD_UPLOADS) {
  test(`an upload with ${name} is refused alike by every front end, and holds nothing`, async (t) => {
    const { server, grpc, socket } = t.context;
    const refusals = [await refusedByGrpc(grpc, parts)];
    for (const [, send] of grpcOnly === true ? [] : FRAMES) {
      for (const part of parts) send(socket, part);
      refusals.push(errorOf(await socket.next()));
    }
    for (const refusal of refusals) {
      t.is(refusal.code, code, refusal.message);
      t.is(refusal.grpcStatus, GRPC_STATUS[code]);
      t.regex(refusal.message, message);
    }
    t.is(server.uploadBytes, 0);
    t.is((await listModels(grpc)).models.length, 1);
    socket.sendJson({ id: "b", listModels: {} });
    t.is((await socket.next()).frame.response?.$case, "models");
  });
}

test("a good upload gets the same answer on every front end", async (t) => {
  const { server, grpc, socket } = t.context;
  const { id, parts } = floatUpload(5, 1, "me");
  const expiresIn = { seconds: 600n, nanos: 0 };
  t.deepEqual(await uploadOverGrpc(grpc, parts), { uploadId: id, expiresIn });
  const taken = server.uploadBytes;
  for (const [name, send] of FRAMES) {
    for (const part of parts) send(socket, part);
    t.is(uploadedOf(await socket.next()), id, name);
  }
  t.is(server.uploadBytes, taken, "the same bytes are stored once");
});

function uploadedOf({ frame: { response } }: Got): string | undefined {
  return response?.$case === "uploaded" ? response.value.uploadId : response?.$case;
}
