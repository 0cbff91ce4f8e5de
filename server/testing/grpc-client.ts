import {
  type ClientReadableStream,
  credentials,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import {
  type JobEvent,
  ListModelsRequest,
  type ListModelsResponse,
  ScoreStreamClient,
} from "../../proto/gen/scorestream/v1/scorestream.ts";

export function connectGrpc(port: number): ScoreStreamClient {
  return new ScoreStreamClient(`127.0.0.1:${port}`, credentials.createInsecure());
}

/** A unary call as a promise. */
export function once<T>(
  call: (answer: (error: ServiceError | null, response: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

export function listModels(client: ScoreStreamClient): Promise<ListModelsResponse> {
  return once((answer) => client.listModels(ListModelsRequest.create(), answer));
}

/** What a stream sent and how it ended. */
export interface Ended {
  readonly events: readonly JobEvent[];
  readonly status: StatusObject;
}

/** Reads a stream to its end. */
export function readAll(stream: ClientReadableStream<JobEvent>): Promise<Ended> {
  return new Promise((resolve) => {
    const events: JobEvent[] = [];
    stream.on("data", (event: JobEvent) => events.push(event));
    stream.on("error", () => undefined); // the status says the same
    stream.on("status", (status) => resolve({ events, status }));
  });
}

/** The first text of a trailer, or "". */
export function trailer(status: StatusObject | ServiceError, name: string): string {
  return String(status.metadata.get(name)[0] ?? "");
}
