import type { Duration } from "../../proto/gen/google/protobuf/duration.ts";

/** A time span in ms, >= 0, as protobuf's Duration. */
export function duration(ms: number): Duration {
  const nanos = BigInt(Math.round(ms * 1e6));
  return { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) };
}
