import type { UploadRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ErrorCode } from "../errors.ts";
import { uploadChunk, uploadHeader } from "./uploads.ts";

/** An upload that is to be refused, and how. */
export interface BadUpload {
  readonly name: string;
  readonly parts: readonly UploadRequest[];
  readonly code: ErrorCode;
  readonly message: RegExp;
  /** Its stream is ended after the parts, which only gRPC can say: on a WebSocket, the rest might still come. */
  readonly grpcOnly?: true;
}

const eight = uploadHeader({ sizeBytes: 8n });
const bytes = (count: number): UploadRequest => uploadChunk(Buffer.alloc(count, 5));
const invalid = "invalid-argument";

export const BAD_UPLOADS: readonly BadUpload[] = [
  {
    name: "a chunk before the header",
    parts: [bytes(4)],
    code: invalid,
    message: /^chunk: seen one before any header, expected a header$/,
  },
  {
    name: "a second header",
    parts: [eight, bytes(4), eight],
    code: invalid,
    message: /^header: seen a second one, expected chunks after the first$/,
  },
  {
    name: "a part that is neither",
    parts: [{ part: undefined }],
    code: invalid,
    message: /^part: seen none, expected header or chunk$/,
  },
  {
    name: "an unknown content type",
    parts: [uploadHeader({ contentType: "image/gif", sizeBytes: 8n })],
    code: invalid,
    message: /^header\.content_type: seen "image\/gif", expected one of "image\/png", /,
  },
  {
    name: "another type than the bytes have",
    parts: [uploadHeader({ contentType: "image/png", sizeBytes: 8n }), bytes(8)],
    code: invalid,
    message: /^header\.content_type: seen "image\/png", expected what the bytes are: unknown data$/,
  },
  {
    name: "no size",
    parts: [uploadHeader({})],
    code: invalid,
    message: /^header\.size_bytes: seen 0, expected the size of all chunks together, from 1 to /,
  },
  {
    name: "a size over the limit",
    parts: [uploadHeader({ sizeBytes: 67_108_868n })],
    code: "too-large",
    message: /^header\.size_bytes: seen 67108868, expected at most 67108864$/,
  },
  {
    name: "an absurd size",
    parts: [uploadHeader({ sizeBytes: 2n ** 64n - 4n })],
    code: "too-large",
    message: /^header\.size_bytes: seen 18446744073709551612, expected at most 67108864$/,
  },
  {
    name: "more bytes than the header says",
    parts: [eight, bytes(4), bytes(5)],
    code: invalid,
    message: /^chunk: seen 9 bytes, expected 8 in all, as header\.size_bytes says$/,
  },
  {
    name: "another sha256 than the bytes have",
    parts: [uploadHeader({ sizeBytes: 8n, sha256: "ab".repeat(32) }), bytes(8)],
    code: invalid,
    message: /^header\.sha256: seen "(ab)+", expected "[0-9a-f]{64}", which the bytes have$/,
  },
  {
    name: "a sha256 that is none",
    parts: [uploadHeader({ sizeBytes: 8n, sha256: "abc" })],
    code: invalid,
    message: /^header\.sha256: seen "abc", expected 64 hexadecimal digits, or nothing$/,
  },
  {
    name: "a tenant of too many characters",
    parts: [uploadHeader({ sizeBytes: 8n, tenant: "x".repeat(129) })],
    code: invalid,
    message: /^header\.tenant: seen "x{80}", expected at most 128 characters$/,
  },
  {
    name: "an end half way",
    parts: [eight, bytes(4)],
    code: invalid,
    message: /^header\.size_bytes: seen 8, expected 4, which came before the end$/,
    grpcOnly: true,
  },
  {
    name: "an end without anything",
    parts: [],
    code: invalid,
    message: /^header: seen none, expected one, and then chunks$/,
    grpcOnly: true,
  },
];
