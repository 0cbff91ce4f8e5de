import {
  type ChannelOptions,
  type ClientReadableStream,
  credentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { type JobEvent, ScoreStreamClient } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Connection } from "./connection.ts";
import type { TaskRequest } from "./scenario.ts";

const OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": -1,
  // One connection each, not one that all clients of the process share.
  "grpc.use_local_subchannel_pool": 1,
};

/** @param target host and port */
export function grpcConnection(target: string): Connection {
  const stub = new ScoreStreamClient(target, credentials.createInsecure(), OPTIONS);
  return {
    start(request, { onEvent, onEnd }) {
      const call = begin(stub, request);
      let code: string | undefined;
      call.on("data", onEvent);
      call.on("error", (error: ServiceError) => {
        code = String(error.metadata.get("scorestream-code")[0] ?? status[error.code]);
      });
      call.on("close", () => onEnd(code));
      return {
        cancel: () => call.cancel(),
        pause: () => void call.pause(),
        resume: () => void call.resume(),
      };
    },
    close: () => stub.close(),
  };
}

function begin(stub: ScoreStreamClient, request: TaskRequest): ClientReadableStream<JobEvent> {
  switch (request.$case) {
    case "sample":
      return stub.sample(request.value);
    case "encode":
      return stub.encode(request.value);
    case "decode":
      return stub.decode(request.value);
    case "logLikelihood":
      return stub.logLikelihood(request.value);
  }
}
