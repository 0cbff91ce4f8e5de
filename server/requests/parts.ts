import { createHash } from "node:crypto";
import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { invalidArgument } from "../errors.ts";

/** Smaller parts would cost more than what they carry. */
const LEAST_PART_BYTES = 4096;

/** A caller's `part_bytes`; 0: no parts. @throws ServerError "invalid-argument" */
export function checkPartBytes(field: string, seen: number): number {
  if (seen === 0 || seen >= LEAST_PART_BYTES) return seen;
  throw invalidArgument(field, seen, `at least ${LEAST_PART_BYTES}, or 0 for no parts`);
}

/**
 * The messages that an event is sent as: itself; or, where its picture or latent has more than `partBytes`, parts of these
 * bytes and then the event without them. Parts share the event's memory, and are made one by one as they are sent, so that
 * one reader costs no more memory than a part. A part's sequence is that of the event before: a reader who comes back
 * after it gets the event from its first part on.
 *
 * @param partBytes 0: no parts
 */
export function* inParts(event: JobEvent, partBytes: number): Generator<JobEvent, void, undefined> {
  const bytes = bytesOf(event);
  if (bytes === undefined || partBytes === 0 || bytes.length <= partBytes) {
    yield event;
    return;
  }
  const { jobId } = event;
  const sequence = event.sequence - 1n;
  const sizeBytes = BigInt(bytes.length);
  // Hashed along the way: all at once would hold up the server's thread.
  const hash = createHash("sha256");
  for (let offset = 0; offset < bytes.length; offset += partBytes) {
    const data = bytes.subarray(offset, offset + partBytes);
    hash.update(data);
    const isLast = offset + partBytes >= bytes.length;
    const sha256 = isLast ? hash.digest("hex") : "";
    const value = { offset: BigInt(offset), data, sizeBytes, sha256 };
    yield { jobId, sequence, event: { $case: "part", value } };
  }
  yield withoutBytes(event);
}

/** The bytes of an event's picture or latent, if it has one. */
function bytesOf({ event }: JobEvent): Buffer | undefined {
  switch (event?.$case) {
    case "preview":
    case "sampled":
      return event.value.image?.data;
    case "encoded":
      return event.value.latent?.float32;
    default:
      return undefined;
  }
}

const NO_BYTES = Buffer.alloc(0);

function withoutBytes(whole: JobEvent): JobEvent {
  const { event } = whole;
  switch (event?.$case) {
    case "preview": {
      const { image, ...rest } = event.value;
      const value = { ...rest, image: image && { ...image, data: NO_BYTES } };
      return { ...whole, event: { $case: "preview", value } };
    }
    case "sampled": {
      const { image, ...rest } = event.value;
      const value = { ...rest, image: image && { ...image, data: NO_BYTES } };
      return { ...whole, event: { $case: "sampled", value } };
    }
    case "encoded": {
      const { latent, ...rest } = event.value;
      const value = { ...rest, latent: latent && { ...latent, float32: NO_BYTES } };
      return { ...whole, event: { $case: "encoded", value } };
    }
    default:
      return whole;
  }
}
