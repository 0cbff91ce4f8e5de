/**
 * A server that is nothing but grpc-js: for `npm run bench:memory`, and of no other use. It answers every call of the contract's
 * Sample with one event and holds it open, so that what a call takes of grpc-js and HTTP/2 can be told from what is ours.
 */
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import {
  JobEvent,
  type SampleRequest,
  ScoreStreamService,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { accepted } from "../../server/testing/scripted-service.ts";

const server = new Server({ "grpc.max_concurrent_streams": 1_000_000 });
const { sample } = ScoreStreamService;
server.addService(
  { sample },
  {
    sample(call: ServerWritableStream<SampleRequest, JobEvent>) {
      call.write(JobEvent.fromPartial({ jobId: "bare", sequence: 1n, event: accepted() }));
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  const ready = { ready: true, grpc: `127.0.0.1:${port}`, http: "" };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
});
process.once("SIGTERM", () => process.exit(0));
