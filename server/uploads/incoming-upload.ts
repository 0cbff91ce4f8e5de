import { createHash } from "node:crypto";
import type {
  UploadHeader,
  UploadRequest,
  UploadResponse,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { duration } from "../engine/duration.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import { fileKind } from "../images/file-kind.ts";
import { wrongInput } from "../requests/seen.ts";
import type { Uploading } from "../service.ts";
import { type CheckedHeader, checkHeader } from "./check-header.ts";
import type { ContentType } from "./stored-upload.ts";
import { IDLE_MS, type Reservation, type UploadStore } from "./upload-store.ts";

/** What has come of an upload. */
interface Body {
  readonly header: CheckedHeader;
  readonly reservation: Reservation;
  /** Of the header's size, filled from the start. */
  readonly bytes: Buffer;
  received: number;
}

/** What the bytes of each type begin as; numbers can begin as anything. */
const KIND_OF: Readonly<Record<ContentType, string | undefined>> = {
  "image/png": "PNG",
  "image/jpeg": "JPEG",
  "image/webp": "WebP",
  "application/x-float32": undefined,
};

/** One upload on its way into a store, checked while it comes. Once it has thrown, it is over and holds nothing. */
export class IncomingUpload implements Uploading {
  readonly #store: UploadStore;
  readonly #hash = createHash("sha256");
  #body: Body | undefined;
  #over: ServerError | undefined;

  constructor(store: UploadStore) {
    this.#store = store;
  }

  get complete(): boolean {
    return this.#body !== undefined && this.#body.received === this.#body.bytes.length;
  }

  take({ part }: UploadRequest): void {
    try {
      if (this.#over !== undefined) throw this.#over;
      if (part === undefined) throw wrongInput("part", "none", "header or chunk");
      if (part.$case === "header") this.#begin(part.value);
      else this.#add(part.value);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  finish(): UploadResponse {
    try {
      if (this.#over !== undefined) throw this.#over;
      const { header, bytes, reservation } = this.#whole();
      const uploadId = this.#hash.digest("hex");
      if (header.sha256 !== undefined && header.sha256 !== uploadId) {
        throw invalidArgument(
          "header.sha256",
          header.sha256,
          `"${uploadId}", which the bytes have`,
        );
      }
      checkKind(header.contentType, bytes);
      this.#store.keep(reservation, uploadId, { contentType: header.contentType, bytes });
      return { uploadId, expiresIn: duration(this.#store.limits.ttlMs) };
    } finally {
      this.abort();
    }
  }

  abort(): void {
    this.#over ??= new ServerError("cancelled", "the upload has ended");
    if (this.#body !== undefined) this.#store.release(this.#body.reservation);
    this.#body = undefined;
  }

  #begin(header: UploadHeader): void {
    if (this.#body !== undefined) {
      throw wrongInput("header", "a second one", "chunks after the first");
    }
    const checked = checkHeader(header, this.#store.mostBytes);
    const reservation = this.#store.reserve(checked.tenant, checked.sizeBytes, () => this.#lapse());
    // Not zeroed, and in a piece of memory of its own: what is kept is exactly what was reserved.
    const bytes = Buffer.allocUnsafeSlow(checked.sizeBytes);
    this.#body = { header: checked, reservation, bytes, received: 0 };
  }

  #add(chunk: Buffer): void {
    const body = this.#body;
    if (body === undefined) throw wrongInput("chunk", "one before any header", "a header");
    const received = body.received + chunk.length;
    if (received > body.bytes.length) {
      const expected = `${body.bytes.length} in all, as header.size_bytes says`;
      throw wrongInput("chunk", `${received} bytes`, expected);
    }
    body.bytes.set(chunk, body.received);
    body.received = received;
    this.#hash.update(chunk);
    if (chunk.length > 0) this.#store.touch(body.reservation);
  }

  #whole(): Body {
    const body = this.#body;
    if (body === undefined) throw wrongInput("header", "none", "one, and then chunks");
    if (body.received === body.bytes.length) return body;
    const expected = `${body.received}, which came before the end`;
    throw invalidArgument("header.size_bytes", body.bytes.length, expected);
  }

  #lapse(): void {
    const message = `the upload was given up: no chunk came for ${IDLE_MS / 1000} s`;
    this.#over = new ServerError("deadline-exceeded", message);
    this.abort();
  }
}

function checkKind(contentType: ContentType, bytes: Uint8Array): void {
  const expected = KIND_OF[contentType];
  const kind = fileKind(bytes) ?? "unknown";
  if (expected === undefined || kind === expected) return;
  throw invalidArgument("header.content_type", contentType, `what the bytes are: ${kind} data`);
}
