/** Jobs and uploads of both front ends alike, for tests that end them in every way. */
import type { ServiceError } from "@grpc/grpc-js";
import type { ScoreStreamClient } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  ImageFormat,
  JobOptions,
  JobOptions_Priority,
  SampleRequest,
  type UploadRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { connectGrpc, once, readAll, trailer } from "./grpc-client.ts";
import { WsClient } from "./ws-client.ts";

/** A client of each front end, and what both can ask alike. */
export interface Client {
  readonly name: string;
  /** Starts a job; resolves with what it has said once it has been accepted. */
  sample(request: SampleRequest): Promise<Started>;
  cancel(jobId: string): Promise<void>;
  beginUpload(): PendingUpload;
  /** Goes away without a word, whatever is under way. */
  leave(): void;
  close(): void;
}

/** An upload that a test sends part by part. */
export interface PendingUpload {
  send(part: UploadRequest): void;
  /** Says that all has been sent, where that can be said. @returns the error's code, "" where it was stored */
  end(): Promise<string>;
}

export interface Started {
  readonly jobId: string;
  readonly ended: Promise<Outcome>;
}

/** How a job ended: its pictures by row in hexadecimal digits, or the error's code. */
export interface Outcome {
  readonly pictures: readonly string[];
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}

/** A Sample of the test's model "m", strict: the same bits in any company. */
export function sampleRequest(steps: number, count = 2): SampleRequest {
  const value = { predictor: "euler-maruyama", corrector: "langevin", steps };
  return SampleRequest.fromPartial({
    ...{ count, seed: 5n, sampler: { method: { $case: "predictorCorrector", value } } },
    ...{ format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32, options: { strict: true } },
  });
}

/** A job that does not end while a test runs, and lets others pass. */
export const ENDLESS: SampleRequest = {
  ...sampleRequest(10_000, 32),
  options: JobOptions.fromPartial({ priority: JobOptions_Priority.PRIORITY_BATCH, strict: true }),
};

export async function connectClients(ports: {
  readonly grpcPort: number;
  readonly httpPort: number;
}): Promise<readonly Client[]> {
  return [
    grpcClient(connectGrpc(ports.grpcPort)),
    wsClient(await WsClient.connect(ports.httpPort)),
  ];
}

function grpcClient(client: ScoreStreamClient): Client {
  const calls: { cancel(): void }[] = [];
  return {
    name: "gRPC",
    async sample(request) {
      const stream = client.sample(request);
      calls.push(stream);
      const ended = readAll(stream).then(({ events, status }): Outcome => {
        const pictures: string[] = [];
        for (const { event } of events) {
          if (event?.$case !== "sampled") continue;
          pictures[event.value.row] = event.value.image?.data.toString("hex") ?? "";
        }
        const retryAfter = trailer(status, "retry-after-ms");
        return {
          pictures,
          code: status.code === 0 ? "" : trailer(status, "scorestream-code") || "lost",
          message: status.details,
          retryAfterMs: retryAfter === "" ? undefined : Number(retryAfter),
        };
      });
      const jobId = await Promise.race([
        new Promise<string>((resolve) => stream.once("data", ({ jobId }) => resolve(jobId))),
        ended.then(() => ""),
      ]);
      return { jobId, ended };
    },
    cancel: async (jobId) =>
      void (await once((answer) => client.cancel({ jobId, rows: [] }, answer))),
    beginUpload() {
      let answer: (error: ServiceError | null) => void = () => undefined;
      const ended = new Promise<string>((resolve) => {
        answer = (error) => {
          resolve(error === null ? "" : trailer(error, "scorestream-code") || "lost");
        };
      });
      const call = client.upload((error) => answer(error));
      call.on("error", () => undefined); // the answer says the same
      calls.push(call);
      return {
        send: (part) => void call.write(part),
        end: () => {
          call.end();
          return ended;
        },
      };
    },
    leave: () => {
      for (const call of calls) call.cancel();
    },
    close: () => client.close(),
  };
}

function wsClient(client: WsClient): Client {
  let ids = 0;
  return {
    name: "WebSocket",
    async sample(request) {
      const id = `${ids++}`;
      client.sendBinary({ id, request: { $case: "sample", value: request } });
      let accepted: (jobId: string) => void = () => undefined;
      const jobId = new Promise<string>((resolve) => {
        accepted = resolve;
      });
      const ended = readSocket(client, id, accepted);
      return { jobId: await Promise.race([jobId, ended.then(() => "")]), ended };
    },
    async cancel(jobId) {
      const id = `${ids++}`;
      client.sendBinary({ id, request: { $case: "cancel", value: { jobId, rows: [] } } });
      await client.readAll(id);
    },
    beginUpload() {
      const id = `${ids++}`;
      const lost = client.closed.then(() => "lost");
      const answered = client.nextOf(id).then(
        ({ frame: { response } }) => (response?.$case === "error" ? response.value.code : ""),
        () => lost,
      );
      return {
        send: (value) => client.sendBinary({ id, request: { $case: "upload", value } }),
        end: () => answered,
      };
    },
    leave: () => client.socket.terminate(),
    close: () => client.socket.terminate(),
  };
}

async function readSocket(
  client: WsClient,
  id: string,
  accepted: (jobId: string) => void,
): Promise<Outcome> {
  const lost = client.closed.then((): Outcome => {
    return { pictures: [], code: "lost", message: "", retryAfterMs: undefined };
  });
  const read = async (): Promise<Outcome> => {
    const pictures: string[] = [];
    for (;;) {
      const { response } = (await client.nextOf(id)).frame;
      if (response?.$case === "error") {
        const { code, message, retryAfter } = response.value;
        const retryAfterMs =
          retryAfter && 1000 * Number(retryAfter.seconds) + retryAfter.nanos / 1e6;
        return { pictures, code, message, retryAfterMs };
      }
      if (response?.$case !== "event") throw new Error(`seen ${response?.$case}`);
      const { jobId, event } = response.value;
      accepted(jobId);
      if (event?.$case === "sampled") {
        pictures[event.value.row] = event.value.image?.data.toString("hex") ?? "";
      }
      if (event?.$case === "completed") {
        return { pictures, code: "", message: "", retryAfterMs: undefined };
      }
    }
  };
  return Promise.race([read(), lost]);
}
