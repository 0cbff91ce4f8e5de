import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

/** What OTLP 1.x has of a span, under the names and numbers of opentelemetry-proto; the rest is left out by the reader. */
const CONTRACT = `
syntax = "proto3";
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15;
}
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`;

const { root } = protobuf.parse(CONTRACT);
const TRACES = root.lookupType("ExportTraceServiceRequest");

/** A span that came, its ids in hex. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2: an error. */
  readonly statusCode: number;
}

interface RawSpan {
  readonly name: string;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly status?: { readonly code: number };
}

/** A collector of OTLP/HTTP with protobuf bodies, as far as traces go. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Requests by path. */
  readonly requests: ReadonlyMap<string, number>;
  close(): void;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.set(path, (requests.get(path) ?? 0) + 1);
    void body(request).then((bytes) => {
      if (path === "/v1/traces") spans.push(...read(bytes));
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const bytes = await buffer(request);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
}

function read(bytes: Buffer): ReceivedSpan[] {
  const { resourceSpans } = TRACES.toObject(TRACES.decode(bytes), {
    arrays: true,
    defaults: true,
    longs: Number,
  }) as { resourceSpans: { scopeSpans: { spans: RawSpan[] }[] }[] };
  const hex = (id: Uint8Array): string => Buffer.from(id).toString("hex");
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map(({ name, traceId, spanId, parentSpanId, links, attributes, status }) => ({
      name,
      traceId: hex(traceId),
      spanId: hex(spanId),
      parentSpanId: hex(parentSpanId),
      links: links.map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
      attributes: Object.fromEntries(
        attributes.map(({ key, value }) => [
          key,
          Object.values(value).find((one) => typeof one !== "undefined"),
        ]),
      ),
      statusCode: status?.code ?? 0,
    }));
}
