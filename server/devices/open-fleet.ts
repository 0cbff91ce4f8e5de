import type { Execution } from "../../worker/protocol.ts";
import type { Isolation } from "../config/config.ts";
import { Fleet } from "../engine/fleet.ts";
import type { Loss } from "../engine/worker-slot.ts";
import { Workers, type WorkersOptions } from "../engine/workers.ts";
import { asServerError } from "../errors.ts";
import { type ChosenProvider, chooseProvider, type SkippedProvider } from "./choose-provider.ts";
import type { DeviceSpec } from "./device-spec.ts";
import { missingFor } from "./provider-needs.ts";

/** A device that a server runs on. */
export interface OpenDevice {
  readonly workers: Workers;
  readonly provider: string;
  readonly isolation: Isolation;
  /** What was preferred to that, and why it does not work. */
  readonly skipped: readonly SkippedProvider[];
}

export interface OpenFleet {
  readonly fleet: Fleet<Workers>;
  readonly devices: readonly OpenDevice[];
}

/** What all devices have in common. */
export interface CommonOptions
  extends Omit<WorkersOptions, "name" | "execution" | "threads" | "onLost"> {
  readonly onLost?: (loss: Loss, device: string) => void;
}

/**
 * Finds each device its provider and starts its workers.
 *
 * @param changes whatever tests want to be other than the device's own
 * @throws ConfigError where none of a device's providers works
 */
export async function openFleet(
  specs: readonly DeviceSpec[],
  common: CommonOptions,
  changes: Partial<WorkersOptions> = {},
): Promise<OpenFleet> {
  const devices: OpenDevice[] = [];
  try {
    for (const spec of specs) {
      const chosen = await chooseProvider(spec, whyNot);
      const taken = devices.map(({ workers }) => workers.name);
      devices.push(openDevice(spec, chosen, taken, common, changes));
    }
  } catch (error) {
    await Promise.all(devices.map(({ workers }) => workers.close()));
    throw error;
  }
  return { fleet: new Fleet(devices.map(({ workers }) => workers)), devices };
}

function openDevice(
  spec: DeviceSpec,
  { execution, skipped }: ChosenProvider,
  taken: readonly string[],
  common: CommonOptions,
  changes: Partial<WorkersOptions>,
): OpenDevice {
  const { provider, deviceId } = execution;
  const wanted = spec.name ?? (deviceId === undefined ? provider : `${provider}:${deviceId}`);
  // Two sessions of WebGPU in two threads of one process end it (docs/decisions/0024).
  const asked = spec.isolation ?? common.isolation ?? "thread";
  const isolation = provider === "webgpu" ? "process" : asked;
  const { onLost, ...alike } = common;
  const name = freeName(wanted, taken);
  const workers = new Workers({
    ...alike,
    ...(onLost === undefined ? {} : { onLost: (loss) => onLost(loss, name) }),
    name,
    execution,
    isolation,
    threads: spec.workers ?? (provider === "cpu" ? 1 : 2),
    ...(spec.team === undefined ? {} : { team: spec.team }),
    ...changes,
  });
  return { workers, provider, isolation, skipped };
}

function freeName(wanted: string, taken: readonly string[]): string {
  for (let number = 2, name = wanted; ; name = `${wanted}-${number++}`) {
    if (!taken.includes(name)) return name;
  }
}

/** A driver that hangs has so long to show that it works, in ms. */
const TRY_MS = 60_000;

/**
 * Why a provider does not work here; undefined where it does: it evaluates a small network in a process of its own, which a
 * driver that crashes ends alone.
 */
export async function tryProvider(execution: Execution): Promise<string | undefined> {
  if (execution.provider === "cpu") return undefined;
  const slab = new SharedArrayBuffer(0);
  const setup = { slab, threads: 1, execution, isolation: "process", watchdogMs: TRY_MS } as const;
  const workers = new Workers({ ...setup, quiet: true });
  try {
    await workers.try();
    return undefined;
  } catch (error) {
    return oneLine(asServerError(error).message);
  } finally {
    await workers.close();
  }
}

/** Why a provider does not work, with what it lacks; undefined where it works. */
async function whyNot(execution: Execution): Promise<string | undefined> {
  const reason = await tryProvider(execution);
  const missing = missingFor(execution.provider);
  if (reason === undefined || missing.length === 0) return reason;
  return `${reason} (${missing.join("; ")})`;
}

/** Native messages come with the place in ONNX Runtime's sources, which tells an operator nothing. */
function oneLine(message: string): string {
  return message
    .replace(/\/onnxruntime_src\/\S+ .*? was false\. /, "")
    .replace(/^the network's evaluation failed: /, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
