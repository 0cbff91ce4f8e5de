import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { inTraceOf } from "../telemetry/caller-trace.ts";

/**
 * Is told of a call that has ended.
 *
 * @param method such as scorestream.v1.ScoreStream/Sample
 * @param code such as "OK"
 */
export type Called = (method: string, seconds: number, code: string) => void;

/** Serves every call in its caller's trace, and tells of its end once. */
export function observeCalls(called: Called): ServerInterceptor {
  return ({ path }, call) => {
    const startedMs = performance.now();
    let traceparent: string | undefined;
    let ended = false;
    const end = (code: status): void => {
      if (ended) return;
      ended = true;
      called(path.replace(/^\//, ""), (performance.now() - startedMs) / 1000, status[code]);
    };
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, go) {
            const [told] = metadata.get("traceparent");
            traceparent = told?.toString();
            go(metadata);
          },
          onReceiveMessage(message, go) {
            inTraceOf(traceparent, () => go(message));
          },
          onReceiveHalfClose(go) {
            inTraceOf(traceparent, go);
          },
          onCancel() {
            end(status.CANCELLED);
          },
        });
      },
      sendStatus(sent, next) {
        end(sent.code);
        next(sent);
      },
    });
  };
}
