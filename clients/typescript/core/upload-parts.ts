import type { UploadRequest } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** Of one part: well under the 4 MiB that a server takes unless it was told otherwise. */
const CHUNK_BYTES = 64 * 1024;

/** What an upload holds. */
export type ContentType = "image/png" | "image/jpeg" | "image/webp" | "application/x-float32";

/** An upload as the contract has it: a header, then the bytes. The parts share the memory of the bytes. */
export function* uploadParts(
  bytes: Uint8Array,
  header: { readonly contentType: ContentType; readonly sha256: string; readonly tenant: string },
): Generator<UploadRequest> {
  const value = { ...header, sizeBytes: BigInt(bytes.length) };
  yield { part: { $case: "header", value } };
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    yield { part: { $case: "chunk", value: bytes.subarray(start, start + CHUNK_BYTES) } };
  }
}

/**
 * The sha256 of bytes in hexadecimal, by which the server checks what came; "", which it does not check, in a browser
 * whose page is of another host and not HTTPS: there is no Web Crypto then.
 */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return "";
  // A copy where the memory is shared, which Web Crypto refuses.
  const own =
    bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const digest = new Uint8Array(await subtle.digest("SHA-256", own));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
