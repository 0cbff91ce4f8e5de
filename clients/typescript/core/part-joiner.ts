import type { JobEvent, Part } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { dataLost, ScoreStreamError } from "./scorestream-error.ts";
import { sha256Of } from "./upload-parts.ts";

/** Of one part: small beside the 4 MiB that gRPC takes, and the 1 MiB that a server keeps for a slow socket. */
export const PART_BYTES: number = 256 * 1024;

/** Of one picture or latent, where the caller does not say: what a list of bytes can well be in a browser. */
const MAX_EVENT_BYTES = 2 ** 30;

type Event = NonNullable<JobEvent["event"]>;

/** Bytes on their way. */
interface Coming {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many have come. */
  length: number;
  /** What the server says of all; "" before the last. */
  sha256: string;
}

/** Puts events together whose bytes come in parts, one after the other. */
export class PartJoiner {
  readonly #maxBytes: number;
  #coming: Coming | undefined;

  /** @param maxBytes of one event's picture or latent */
  constructor(maxBytes: number = MAX_EVENT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @returns the event with all of its bytes; undefined where it is a part of one
   * @throws ScoreStreamError "too-large" where there are more than the caller takes; "DATA_LOSS" where parts are missing,
   *   or are not what was sent
   */
  async take(whole: JobEvent): Promise<JobEvent | undefined> {
    const { event } = whole;
    if (event?.$case === "part") {
      this.#add(event.value);
      return undefined;
    }
    const coming = this.#coming;
    this.#coming = undefined;
    if (coming === undefined || event === undefined) return whole;
    const { bytes, length, sha256 } = coming;
    if (length < bytes.length) throw dataLost(`seen ${length} bytes, expected ${bytes.length}`);
    const seen = await sha256Of(bytes);
    if (seen !== "" && seen !== sha256) throw dataLost(`seen sha256 ${seen}, expected ${sha256}`);
    return { ...whole, event: withBytes(event, bytes) };
  }

  #add({ offset, data, sizeBytes, sha256 }: Part): void {
    // A connection that was lost in between begins the event anew.
    if (offset === 0n) this.#begin(Number(sizeBytes));
    const coming = this.#coming;
    const from = Number(offset);
    if (coming === undefined || from !== coming.length) {
      throw dataLost(`seen a part from byte ${from} on, expected ${coming?.length ?? 0}`);
    }
    if (from + data.length > coming.bytes.length) {
      throw dataLost(`seen ${from + data.length} bytes, expected ${coming.bytes.length}`);
    }
    coming.bytes.set(data, from);
    coming.length += data.length;
    coming.sha256 = sha256;
  }

  #begin(size: number): void {
    if (size > this.#maxBytes) {
      const message = `a picture or latent of ${size} bytes is more than this client takes, ${this.#maxBytes} (maxEventBytes)`;
      throw new ScoreStreamError({ code: "too-large", status: "RESOURCE_EXHAUSTED", message });
    }
    this.#coming = { bytes: new Uint8Array(size), length: 0, sha256: "" };
  }
}

/** @throws ScoreStreamError "DATA_LOSS" for an event that has no place for bytes */
function withBytes(event: Event, bytes: Uint8Array<ArrayBuffer>): Event {
  switch (event.$case) {
    case "preview": {
      const { image } = event.value;
      if (image === undefined) break;
      return { ...event, value: { ...event.value, image: { ...image, data: bytes } } };
    }
    case "sampled": {
      const { image } = event.value;
      if (image === undefined) break;
      return { ...event, value: { ...event.value, image: { ...image, data: bytes } } };
    }
    case "encoded": {
      const { latent } = event.value;
      if (latent === undefined) break;
      return { ...event, value: { ...event.value, latent: { ...latent, float32: bytes } } };
    }
    default:
  }
  throw dataLost(`seen parts before ${event.$case}, which has none`);
}
