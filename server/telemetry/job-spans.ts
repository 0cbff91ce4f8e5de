import {
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Job } from "../engine/job.ts";
import type { EngineObserver } from "../engine/observer.ts";
import type { ServerError } from "../errors.ts";
import { callerSpan } from "./caller-trace.ts";

/** Spans of a job that has not ended. */
interface JobSpans {
  readonly whole: Span;
  /** "queued", then "running". */
  part: Span;
}

/** Jobs that one batch's span links to at most: those of the largest batch. */
const MAX_LINKS = 128;

/**
 * A span a job, in its caller's trace, with two children: queued and running. A span a batch, a trace of its own, as many
 * jobs have a part in it: it links to what runs of each. Batches of jobs that no sampler chose have none.
 */
export function jobSpans(tracer: Tracer): EngineObserver {
  const open = new Map<Job, JobSpans>();
  const childOf = (span: Span, name: string): Span =>
    tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, span));
  return {
    submitted(job) {
      const caller = callerSpan();
      const parent =
        caller === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, caller);
      const { model, task = "", priority = "interactive", tenant = "", adjusted = "" } = job.spec;
      const attributes = {
        "scorestream.job.id": job.id,
        "scorestream.task": task,
        "scorestream.model": model.name,
        "scorestream.model.sha256": model.sha256,
        "scorestream.rows": job.rows.length,
        "scorestream.priority": priority,
        "scorestream.tenant": tenant,
        ...(adjusted === "" ? {} : { "scorestream.adjusted": adjusted }),
      };
      const options = { kind: SpanKind.SERVER, attributes };
      const whole = tracer.startSpan(`job ${task}`, options, parent);
      open.set(job, { whole, part: childOf(whole, "queued") });
    },
    started(job) {
      const spans = open.get(job);
      if (spans === undefined) return;
      spans.part.end();
      spans.part = childOf(spans.whole, "running");
    },
    previewed(job) {
      open.get(job)?.part.addEvent("preview");
    },
    ended(job, error) {
      const spans = open.get(job);
      if (spans === undefined) return;
      open.delete(job);
      spans.whole.setAttribute("scorestream.evaluations", evaluationsOf(job));
      for (const span of [spans.part, spans.whole]) {
        if (error !== undefined) fail(span, error);
        span.end();
      }
    },
    batch({ model, graph, rows, places }) {
      const links: Link[] = [];
      for (const job of new Set(rows.map((row) => row.job))) {
        const running = open.get(job)?.part;
        if (running?.isRecording() && links.length < MAX_LINKS) {
          links.push({ context: running.spanContext() });
        }
      }
      if (links.length === 0) return undefined;
      const attributes = {
        "scorestream.model": model,
        "scorestream.graph": graph,
        "scorestream.rows": rows.length,
        "scorestream.places": places,
      };
      const span = tracer.startSpan("batch", { links, attributes, root: true }, context.active());
      return ({ error }) => {
        if (error !== undefined) fail(span, error);
        span.end();
      };
    },
  };
}

function evaluationsOf(job: Job): number {
  return job.rows.reduce((sum, { evaluations }) => sum + evaluations, 0);
}

function fail(span: Span, { code, message }: ServerError): void {
  span.setAttribute("error.type", code);
  // A caller that cancels has not met an error.
  if (code !== "cancelled") span.setStatus({ code: SpanStatusCode.ERROR, message });
}
