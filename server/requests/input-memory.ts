import { ServerError } from "../errors.ts";

const MIB = 1024 * 1024;

/** Reading a request is a matter of moments: a caller who was refused is told to try again after so long, in ms. */
const RETRY_MS = 250;

/** What one request has taken. */
export interface InputShare {
  /** Takes memory before it is filled. @throws ServerError "too-large" past the bound alone, "queue-full" beside others */
  take(bytes: number): void;
}

/**
 * Memory of what requests are read into, their pictures, masks and latents, before there is a job whose rows are bounded. It
 * is taken before anything is read, so that a flood is refused before memory grows.
 */
export class InputMemory {
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** What is taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reads a request with a share of its own, which is given back when `read` is done, however it ends. */
  async lend<T>(read: (share: InputShare) => Promise<T>): Promise<T> {
    let mine = 0;
    try {
      return await read({
        take: (bytes) => {
          this.#check(mine + bytes, this.#bytes + bytes);
          mine += bytes;
          this.#bytes += bytes;
        },
      });
    } finally {
      this.#bytes -= mine;
    }
  }

  #check(own: number, all: number): void {
    const [asked, most, taken] = [own, this.#mostBytes, all - own].map((bytes) =>
      Number((bytes / MIB).toFixed(1)),
    );
    if (own > this.#mostBytes) {
      const message = `the request's pictures and latents take ${asked} MiB while they are read, expected at most ${most} (--max-input-mib)`;
      throw new ServerError("too-large", message);
    }
    if (all <= this.#mostBytes) return;
    const message = `too much is being read: ${taken} of ${most} MiB are taken and the request's pictures and latents take ${asked} (--max-input-mib)`;
    throw new ServerError("queue-full", message, { retryAfterMs: RETRY_MS });
  }
}

/** Memory of `count` pictures or latents, float32[channels, height, width], with what they are decoded from and scaled to. */
export function inputBytes(
  count: number,
  { channels, height, width }: { channels: number; height: number; width: number },
): number {
  return 2 * Float32Array.BYTES_PER_ELEMENT * count * channels * height * width;
}
