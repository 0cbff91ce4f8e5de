import test from "ava";
import { callerSpan, inTraceOf, traceFields } from "./caller-trace.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test("a caller's trace is known while its request is served, in what it awaits too, and not after", async (t) => {
  await inTraceOf(`00-${TRACE}-${SPAN}-01`, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    t.like(callerSpan(), { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
    t.deepEqual(traceFields(), { trace_id: TRACE, span_id: SPAN });
  });
  t.is(callerSpan(), undefined);
  t.deepEqual(traceFields(), {});
});

// W3C Trace Context, section 3.2: what is no traceparent is ignored, as if there were none.
for (const wrong of [
  "",
  "nonsense",
  `00-${TRACE}-${SPAN}`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
]) {
  test(`left out: ${wrong}`, (t) => {
    t.is(inTraceOf(wrong, callerSpan), undefined);
  });
}

test("a later version is read as far as it is known", (t) => {
  t.like(inTraceOf(`01-${TRACE}-${SPAN}-00-more`, callerSpan), { spanId: SPAN, traceFlags: 0 });
});
