import type { Device } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { OpenDevice } from "./open-fleet.ts";

/** A device as operators are told of it. */
export interface DeviceDescription {
  readonly device: string;
  readonly provider: string;
  readonly workers: number;
  readonly isolation: string;
  /** Sizes that its batches are filled up to; none: any number is as good. */
  readonly batchSizes: readonly number[];
  /** Why it is out. */
  readonly out?: string;
  /** What was preferred to its provider, and why that does not work. */
  readonly skipped: OpenDevice["skipped"];
}

export function describeDevice({
  workers,
  provider,
  isolation,
  skipped,
}: OpenDevice): DeviceDescription {
  const { name, threads, batchSizes, out } = workers;
  const described = { device: name, provider, workers: threads, isolation, batchSizes };
  return { ...described, ...(out === undefined ? {} : { out: out.message }), skipped };
}

/** A device as callers are told of it: reasons name this machine's files, and are for its operator. */
export function toldOf({ workers, provider, skipped }: OpenDevice): Device {
  const names = skipped.map((one) => one.provider);
  return { name: workers.name, provider, out: workers.out !== undefined, skipped: names };
}
