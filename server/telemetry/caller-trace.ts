import { AsyncLocalStorage } from "node:async_hooks";
import { isSpanContextValid, type SpanContext, TraceFlags } from "@opentelemetry/api";

/** The span of whoever sent the request that is being served. */
const callers = new AsyncLocalStorage<SpanContext>();

/**
 * Serves a request in its caller's trace: the job that it begins is a child of the caller's span.
 *
 * @param traceparent of the W3C's Trace Context, section 3.2; one that is no such thing is left out, as the
 *   recommendation has it
 */
export function inTraceOf<T>(traceparent: string | undefined, serve: () => T): T {
  const caller = traceparent === undefined ? undefined : readTraceparent(traceparent);
  return caller === undefined ? serve() : callers.run(caller, serve);
}

/** The span of the caller whose request is being served, if it told one. */
export function callerSpan(): SpanContext | undefined {
  return callers.getStore();
}

/** What a log line says of the caller's trace: nothing where there is none. */
export function traceFields(): { readonly trace_id?: string; readonly span_id?: string } {
  const caller = callers.getStore();
  return caller === undefined ? {} : { trace_id: caller.traceId, span_id: caller.spanId };
}

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

function readTraceparent(text: string): SpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] = TRACEPARENT.exec(text) ?? [];
  // Version ff is invalid; version 00 has nothing after the flags, later ones may.
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) {
    return undefined;
  }
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const context = { traceId, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}
