import type {
  handleServerStreamingCall,
  handleUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Logger } from "pino";
import type {
  CancelRequest,
  JobEvent,
  ListModelsRequest,
  SampleRequest,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ServerError } from "../errors.ts";
import {
  type CallName,
  type OpenJob,
  openSample,
  openWatch,
  unimplemented,
} from "../requests/calls.ts";
import { pump } from "../requests/pump.ts";
import { report } from "../requests/report.ts";
import type { Service } from "../service.ts";
import { CallSink } from "./call-sink.ts";
import { type Received, unwrap } from "./definition.ts";
import { toStatus } from "./status.ts";

type Stream<Request> = ServerWritableStream<Received<Request>, JobEvent>;

/** The handlers of scorestream.v1.ScoreStream, for `scoreStreamDefinition`. */
export function scoreStreamHandlers(service: Service, log: Logger): UntypedServiceImplementation {
  return {
    listModels: unary(log, "listModels", (_: ListModelsRequest) => service.listModels()),
    cancel: unary(log, "cancel", (request: CancelRequest) => service.cancel(request)),
    sample: streaming(log, "sample", (request: SampleRequest) => openSample(service, request)),
    watch: streaming(log, "watch", (request: WatchRequest) => openWatch(service, request)),
    encode: refuse(unimplemented("encode")),
    decode: refuse(unimplemented("decode")),
    logLikelihood: refuse(unimplemented("logLikelihood")),
    upload: (_call: unknown, answer: (error: object) => void) => {
      answer(toStatus(unimplemented("upload")));
    },
  };
}

function unary<Request, Response>(
  log: Logger,
  name: CallName,
  serve: (request: Request) => Response,
): handleUnaryCall<Received<Request>, Response> {
  return (call, answer) => {
    try {
      answer(null, serve(unwrap(call.request)));
    } catch (error) {
      answer(toStatus(report(log, name, error)));
    }
  };
}

function streaming<Request>(
  log: Logger,
  name: CallName,
  open: (request: Request) => OpenJob,
): handleServerStreamingCall<Received<Request>, JobEvent> {
  return (call) => {
    serveJob(call, open).catch((error: unknown) => end(call, report(log, name, error)));
  };
}

/**
 * Sends a job's events and ends the call. A caller that goes before the end leaves the job.
 *
 * @throws ServerError when the job could not be opened or failed
 */
async function serveJob<Request>(
  call: Stream<Request>,
  open: (request: Request) => OpenJob,
): Promise<void> {
  const opened = open(unwrap(call.request));
  const sink = new CallSink(call);
  const gone = new AbortController();
  let serving = true;
  const leave = (): void => {
    // grpc-js emits "cancelled" after a call that has ended well, too.
    if (!serving) return;
    gone.abort();
    sink.close();
    if (opened.owned) opened.job.leave();
  };
  call.on("cancelled", leave);
  if (call.cancelled) leave();
  try {
    await pump(opened, sink, gone.signal);
  } finally {
    serving = false;
  }
  call.end();
}

function refuse(error: ServerError): handleServerStreamingCall<unknown, JobEvent> {
  return (call) => end(call, error);
}

/** Ends a stream with a status, after what has been written to it. */
function end(call: ServerWritableStream<unknown, JobEvent>, error: ServerError): void {
  call.emit("error", toStatus(error));
}
