import type { DeriveAnswer, DeriveTask } from "../../worker/protocol.ts";
import type { ServerError } from "../errors.ts";
import type { Bench } from "./measure-lanes.ts";
import type { EngineWorkers, Workers } from "./workers.ts";

/** Workers beside those that serve, by the device that they are on. */
export type Benches = ReadonlyMap<EngineWorkers, Bench>;

/** The devices of a server, in the order in which they are given rows. */
export class Fleet<Device extends EngineWorkers = EngineWorkers> {
  readonly devices: readonly Device[];

  /** @throws RangeError where there are none */
  constructor(devices: readonly Device[]) {
    if (devices.length === 0) throw new RangeError("a server needs a device");
    this.devices = devices;
  }

  /** Devices that are not out. */
  get inService(): readonly Device[] {
    return this.devices.filter(({ out }) => out === undefined);
  }

  /** Why nothing can be evaluated: every device is out. */
  get out(): ServerError | undefined {
    return this.inService.length > 0 ? undefined : this.devices[0]?.out;
  }

  /** Calls `changed` whenever a device has been taken out or has come back. */
  follow(changed: (device: Device) => void): void {
    for (const device of this.devices) device.follow(() => changed(device));
  }

  /** The workers that serve, as benches: of devices that are not out, or, where all are, to find out whether they still are. */
  get serving(): Benches {
    const devices = this.inService.length > 0 ? this.inService : this.devices;
    return new Map(devices.map((device) => [device, device]));
  }

  /** Derives a graph, which the CPU does on any device. @throws as Workers.derive */
  derive(task: DeriveTask): Promise<DeriveAnswer> {
    const [device = this.devices[0]] = this.inService;
    if (device === undefined) throw new RangeError("a server needs a device");
    return device.derive(task);
  }

  /** Frees sessions on every device. Never throws. */
  async release(keys: readonly string[]): Promise<void> {
    await Promise.all(this.devices.map((device) => device.release(keys)));
  }
}

/**
 * Lends a worker beside those that serve on each device that works; see Workers.apart.
 *
 * @throws ServerError "shutting-down"; why every device is out; what `use` throws
 */
export async function apart<T>(
  fleet: Fleet<Workers>,
  use: (benches: Benches) => Promise<T>,
): Promise<T> {
  if (fleet.out !== undefined) throw fleet.out;
  const lend = (devices: readonly Workers[], benches: Benches): Promise<T> => {
    const [next, ...others] = devices;
    if (next === undefined) return use(benches);
    return next.apart((bench) => lend(others, new Map([...benches, [next, bench]])));
  };
  return await lend(fleet.inService, new Map());
}
