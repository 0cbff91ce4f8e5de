import test from "ava";
import fc from "fast-check";
import { ServerError } from "../errors.ts";
import { IDLE_MS, OVERHEAD_BYTES, type Reservation, UploadStore } from "./upload-store.ts";

const LIMITS = { maxUploadBytes: 3000, storeBytes: 12_000, tenantBytes: 7000, ttlMs: 600_000 };
const TENANTS = ["", "a", "b"] as const;
const IDS = ["1", "2", "3"] as const;

type Command =
  | { readonly kind: "reserve"; readonly tenant: string; readonly size: number }
  | { readonly kind: "keep"; readonly which: number; readonly id: string }
  | { readonly kind: "release"; readonly which: number }
  | { readonly kind: "touch"; readonly which: number }
  | { readonly kind: "wait"; readonly ms: number };

const which = fc.nat(3);
const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("reserve" as const),
    tenant: fc.constantFrom(...TENANTS),
    size: fc.integer({ min: 1, max: LIMITS.maxUploadBytes }),
  }),
  fc.record({ kind: fc.constant("keep" as const), which, id: fc.constantFrom(...IDS) }),
  fc.record({ kind: fc.constant("release" as const), which }),
  fc.record({ kind: fc.constant("touch" as const), which }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
);

interface Coming {
  readonly reservation: Reservation;
  readonly tenant: string;
  readonly size: number;
  touchedMs: number;
}

interface Stored {
  readonly tenant: string;
  readonly id: string;
  readonly size: number;
  readonly untilMs: number;
}

/** A store beside the one that it is compared with, written with no care for speed. */
class Compared {
  readonly store: UploadStore;
  nowMs = 0;
  coming: Coming[] = [];
  stored: Stored[] = [];

  constructor() {
    this.store = new UploadStore(LIMITS, () => this.nowMs);
  }

  /** Bytes that one tenant, or all, should have taken. */
  bytes(tenant?: string): number {
    return [...this.coming, ...this.stored]
      .filter((each) => tenant === undefined || each.tenant === tenant)
      .reduce((sum, { size }) => sum + size + OVERHEAD_BYTES, 0);
  }

  run(command: Command): void {
    if (command.kind === "wait") this.wait(command.ms);
    else if (command.kind === "reserve") this.reserve(command.tenant, command.size);
    else this.continue(command);
  }

  wait(ms: number): void {
    this.nowMs += ms;
    this.coming = this.coming.filter(({ touchedMs }) => touchedMs + IDLE_MS > this.nowMs);
    this.stored = this.stored.filter(({ untilMs }) => untilMs > this.nowMs);
  }

  reserve(tenant: string, size: number): void {
    const cost = size + OVERHEAD_BYTES;
    const fits =
      this.bytes() + cost <= LIMITS.storeBytes && this.bytes(tenant) + cost <= LIMITS.tenantBytes;
    try {
      const reservation = this.store.reserve(tenant, size, () => undefined);
      if (!fits) throw new Error("an upload was taken for which there is no room");
      this.coming.push({ reservation, tenant, size, touchedMs: this.nowMs });
    } catch (error) {
      if (fits || !(error instanceof ServerError)) throw error;
    }
  }

  continue(command: Extract<Command, { readonly which: number }>): void {
    const coming = this.coming[command.which];
    if (coming === undefined) return;
    const { reservation, tenant, size } = coming;
    if (command.kind === "touch") {
      this.store.touch(reservation);
      coming.touchedMs = this.nowMs;
      return;
    }
    this.coming = this.coming.filter((each) => each !== coming);
    if (command.kind === "release") {
      this.store.release(reservation);
      return;
    }
    const { id } = command;
    this.store.keep(reservation, id, { contentType: "image/png", bytes: new Uint8Array(size) });
    this.stored = this.stored.filter((each) => each.tenant !== tenant || each.id !== id);
    this.stored.push({ tenant, id, size, untilMs: this.nowMs + LIMITS.ttlMs });
  }

  sizeOf(tenant: string, id: string): number | undefined {
    return this.stored.find((each) => each.tenant === tenant && each.id === id)?.size;
  }
}

test("whatever happens, the store holds what it should and never more than it may", (t) => {
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 80 }), (sequence) => {
      const both = new Compared();
      for (const command of sequence) {
        both.run(command);
        // Before any look at what is stored: what has expired may be there still, and yet there is never more.
        t.true(both.store.bytes <= LIMITS.storeBytes);
        for (const tenant of TENANTS) {
          for (const id of IDS) {
            t.is(both.store.find(tenant, id)?.bytes.length, both.sizeOf(tenant, id));
          }
        }
        t.is(both.store.bytes, both.bytes());
      }
    }),
    { numRuns: 300 },
  );
});
