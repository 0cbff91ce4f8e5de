import { ServerError } from "../errors.ts";
import type { StoredUpload, Uploads } from "./stored-upload.ts";

/** Bounds that the operator sets. */
export interface UploadLimits {
  readonly maxUploadBytes: number;
  readonly storeBytes: number;
  readonly tenantBytes: number;
  /** How long an upload can be used, from its last byte or the last time that it was uploaded again. */
  readonly ttlMs: number;
}

/** Counted for every upload beside its bytes, so that very many very small ones are bounded too. */
export const OVERHEAD_BYTES = 1024;

/** An upload that takes so long between two chunks gives up its room to others, in ms. */
export const IDLE_MS = 60_000;

/** When all of the room is taken by uploads that are still coming, a caller is told to try again after so long, in ms. */
const BUSY_RETRY_MS = 1000;

/** Room in the store for an upload that is coming. Ends by `keep` or `release`. */
export interface Reservation {
  readonly tenant: string;
  readonly cost: number;
}

interface Pending {
  touchedMs: number;
  readonly lapse: () => void;
}

interface Entry extends StoredUpload {
  readonly tenant: string;
  readonly cost: number;
  readonly expiresMs: number;
}

/**
 * Uploads by tenant and content address, in memory. What is stored and what is coming never take more than the
 * limits: an upload has its room before its first chunk. Nothing is thrown out to make room; a full store refuses.
 * What has expired goes at the next call.
 */
export class UploadStore implements Uploads {
  readonly limits: UploadLimits;
  readonly #now: () => number;
  /** In the order in which they expire. */
  readonly #entries = new Map<string, Entry>();
  /** In the order in which they were last touched. */
  readonly #pending = new Map<Reservation, Pending>();
  readonly #ofTenant = new Map<string, number>();
  #bytes = 0;

  /** @param now a clock that never goes back, in ms */
  constructor(limits: UploadLimits, now: () => number) {
    this.limits = limits;
    this.#now = now;
  }

  /** Bytes taken, by what is stored and by what is coming. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The most bytes that one upload may have: a larger one could never be taken. */
  get mostBytes(): number {
    const { maxUploadBytes, storeBytes, tenantBytes } = this.limits;
    return Math.max(
      0,
      Math.min(maxUploadBytes, Math.min(storeBytes, tenantBytes) - OVERHEAD_BYTES),
    );
  }

  find(tenant: string, id: string): StoredUpload | undefined {
    this.#sweep();
    return this.#entries.get(key(tenant, id));
  }

  /**
   * Room for an upload that is about to come.
   *
   * @param sizeBytes from 1 to `mostBytes`
   * @param lapse called when the room is lost because nothing came for `IDLE_MS`
   * @throws ServerError "upload-store-full"
   */
  reserve(tenant: string, sizeBytes: number, lapse: () => void): Reservation {
    this.#sweep();
    const cost = sizeBytes + OVERHEAD_BYTES;
    this.#checkRoom(tenant, cost);
    const reservation = { tenant, cost };
    this.#pending.set(reservation, { lapse, touchedMs: this.#now() });
    this.#count(reservation, 1);
    return reservation;
  }

  /** A chunk has come. Nothing happens to a reservation that has ended. */
  touch(reservation: Reservation): void {
    const pending = this.#pending.get(reservation);
    if (pending === undefined) return;
    pending.touchedMs = this.#now();
    this.#pending.delete(reservation);
    this.#pending.set(reservation, pending);
  }

  /** Gives the room back. Nothing happens to a reservation that has ended. */
  release(reservation: Reservation): void {
    if (this.#pending.delete(reservation)) this.#count(reservation, -1);
  }

  /** Keeps an upload in the room reserved for it; one that the tenant has already lives on from now. */
  keep(reservation: Reservation, id: string, upload: StoredUpload): void {
    if (!this.#pending.delete(reservation)) return;
    const { tenant, cost } = reservation;
    const place = key(tenant, id);
    const old = this.#entries.get(place);
    if (old !== undefined) this.#forget(place, old);
    this.#entries.set(place, {
      ...upload,
      tenant,
      cost,
      expiresMs: this.#now() + this.limits.ttlMs,
    });
  }

  #checkRoom(tenant: string, cost: number): void {
    const { storeBytes, tenantBytes } = this.limits;
    const mine = this.#ofTenant.get(tenant) ?? 0;
    if (mine + cost > tenantBytes) {
      const isMine = (each: Entry): boolean => each.tenant === tenant;
      const of = `this tenant's ${tenantBytes} bytes of uploads`;
      throw full(of, mine, cost, this.#roomAfterMs(mine + cost - tenantBytes, isMine));
    }
    if (this.#bytes + cost > storeBytes) {
      const of = `the server's ${storeBytes} bytes of uploads`;
      const after = this.#roomAfterMs(this.#bytes + cost - storeBytes, () => true);
      throw full(of, this.#bytes, cost, after);
    }
  }

  /** How long until so many bytes of the chosen entries have expired. */
  #roomAfterMs(bytes: number, chosen: (entry: Entry) => boolean): number {
    let freed = 0;
    for (const entry of this.#entries.values()) {
      if (chosen(entry)) freed += entry.cost;
      if (freed >= bytes) return entry.expiresMs - this.#now();
    }
    return BUSY_RETRY_MS;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [place, entry] of this.#entries) {
      if (entry.expiresMs > now) break;
      this.#forget(place, entry);
    }
    for (const [reservation, { touchedMs, lapse }] of this.#pending) {
      if (touchedMs + IDLE_MS > now) break;
      this.release(reservation);
      lapse();
    }
  }

  #forget(place: string, entry: Entry): void {
    this.#entries.delete(place);
    this.#count(entry, -1);
  }

  #count({ tenant, cost }: Reservation, sign: 1 | -1): void {
    this.#bytes += sign * cost;
    const left = (this.#ofTenant.get(tenant) ?? 0) + sign * cost;
    if (left === 0) this.#ofTenant.delete(tenant);
    else this.#ofTenant.set(tenant, left);
  }
}

/** No two pairs have one key, whatever a caller makes of them. */
function key(tenant: string, id: string): string {
  return `${tenant.length}:${tenant}:${id}`;
}

function full(of: string, taken: number, cost: number, retryAfterMs: number): ServerError {
  const message = `${of} are full: ${taken} are taken and this upload needs ${cost}`;
  return new ServerError("upload-store-full", message, { retryAfterMs });
}
