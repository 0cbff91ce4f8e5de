import { Readable } from "node:stream";
import type { ClientWritableStream, Client as GrpcClient } from "@grpc/grpc-js";
import type {
  UploadRequest,
  UploadResponse,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { fromGrpc } from "./grpc-error.ts";
import { METHODS } from "./methods.ts";

/** Sends parts no faster than the server takes them. @throws ScoreStreamError */
export async function sendUpload(
  client: GrpcClient,
  parts: Iterable<UploadRequest>,
  signal: AbortSignal | undefined,
): Promise<UploadResponse> {
  const source = Readable.from(parts);
  const { path, serialize, deserialize } = METHODS.upload;
  let end = (): void => {};
  try {
    return await new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(path, serialize, deserialize, (error, answer) => {
        if (error !== null) reject(fromGrpc(error));
        else if (answer !== undefined) resolve(answer);
      });
      end = () => call.cancel();
      signal?.addEventListener("abort", end, { once: true });
      send(source, call);
    });
  } finally {
    signal?.removeEventListener("abort", end);
    // A server that refuses answers before everything is sent.
    source.destroy();
  }
}

/** `parts.pipe(call)`, which the types of grpc-js do not allow. */
function send(parts: Readable, call: ClientWritableStream<UploadRequest>): void {
  parts.on("data", (part: UploadRequest) => {
    if (call.write(part)) return;
    parts.pause();
    call.once("drain", () => parts.resume());
  });
  parts.once("end", () => call.end());
}
