import type {
  handleServerStreamingCall,
  handleUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Logger } from "pino";
import type {
  CancelRequest,
  DecodeRequest,
  EncodeRequest,
  JobEvent,
  ListModelsRequest,
  LogLikelihoodRequest,
  SampleRequest,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ServerError } from "../errors.ts";
import { type CallName, type OpenJob, openOwned, openWatch } from "../requests/calls.ts";
import { pump } from "../requests/pump.ts";
import { report } from "../requests/report.ts";
import type { Service } from "../service.ts";
import { CallSink } from "./call-sink.ts";
import type { Received } from "./definition.ts";
import { receiveUpload } from "./receive-upload.ts";
import { toStatus } from "./status.ts";

type Stream<Request> = ServerWritableStream<Received<Request>, JobEvent>;

/** The handlers of scorestream.v1.ScoreStream, for `scoreStreamDefinition`. */
export function scoreStreamHandlers(service: Service, log: Logger): UntypedServiceImplementation {
  return {
    listModels: unary(log, "listModels", (_: ListModelsRequest) => service.listModels()),
    cancel: unary(log, "cancel", (request: CancelRequest) => service.cancel(request)),
    sample: streaming(log, "sample", (request: SampleRequest) =>
      openOwned(service.sample(request), request.options),
    ),
    encode: streaming(log, "encode", (request: EncodeRequest) =>
      openOwned(service.encode(request), request.options),
    ),
    decode: streaming(log, "decode", (request: DecodeRequest) =>
      openOwned(service.decode(request), request.options),
    ),
    logLikelihood: streaming(log, "logLikelihood", (request: LogLikelihoodRequest) =>
      openOwned(service.logLikelihood(request), request.options),
    ),
    watch: streaming(log, "watch", (request: WatchRequest) => openWatch(service, request)),
    upload: receiveUpload(service, log),
  };
}

function unary<Request, Response>(
  log: Logger,
  name: CallName,
  serve: (request: Request) => Response,
): handleUnaryCall<Received<Request>, Response> {
  return (call, answer) => {
    try {
      answer(null, serve(call.request.take()));
    } catch (error) {
      answer(toStatus(report(log, name, error)));
    }
  };
}

function streaming<Request>(
  log: Logger,
  name: CallName,
  open: (request: Request) => OpenJob | Promise<OpenJob>,
): handleServerStreamingCall<Received<Request>, JobEvent> {
  return (call) => {
    const fail = (error: unknown): void => end(call, report(log, name, error));
    void serveJob(call, open, fail);
  };
}

/** Sends a job's events and ends the call. A caller that goes before the end leaves the job. Never rejects. */
async function serveJob<Request>(
  call: Stream<Request>,
  open: (request: Request) => OpenJob | Promise<OpenJob>,
  fail: (error: unknown) => void,
): Promise<void> {
  let opened: OpenJob;
  try {
    opened = await open(call.request.take());
  } catch (error) {
    fail(error);
    return;
  }
  const events = opened.job.events(opened.afterSequence);
  const sink = new CallSink(call, fail);
  const leave = (): void => {
    // grpc-js emits "cancelled" after a call that has ended well, too.
    if (events.closed) return;
    events.close();
    sink.close();
    opened.leave(false);
  };
  call.on("cancelled", leave);
  if (call.cancelled) leave();
  void pump(events, sink, opened.partBytes);
}

/** Ends a stream with a status, after what has been written to it. */
function end(call: ServerWritableStream<unknown, JobEvent>, error: ServerError): void {
  call.emit("error", toStatus(error));
}
