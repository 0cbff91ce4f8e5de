import type { Random } from "./random.ts";

/** How long a device's steps take, and how often they fail. */
export interface DeviceModel {
  /** Time of a step by its places, in ms, undisturbed. */
  stepMs(places: number): number;
  /** Places of the largest batch. */
  readonly limit: number;
  /** Standard deviation of the logarithm of a step's time; 0: none. */
  readonly jitter: number;
  /** Share of batches that fail, whose steps then run again. */
  readonly failures: number;
  /** How many times as long the models' steps take that don't take `stepMs`. */
  readonly factors?: Readonly<Record<string, number>>;
  /** Names of the models that it serves; default all. */
  readonly models?: readonly string[];
}

/** A CPU: nearly as long for every place. */
export const CPU: DeviceModel = {
  stepMs: (places) => 1 + 4 * places,
  limit: 8,
  jitter: 0,
  failures: 0,
};

/** A GPU and a small network: places are nearly free until the device is full. */
export const GPU: DeviceModel = {
  stepMs: (places) => 8 + 0.25 * places,
  limit: 64,
  jitter: 0,
  failures: 0,
};

/** Time of a model's step by its places, in ms, undisturbed. */
export function modelStepMs(device: DeviceModel, model: string, places: number): number {
  return device.stepMs(places) * (device.factors?.[model] ?? 1);
}

/** The time that one step takes. Disturbances only lengthen it. */
export function drawStepMs(
  device: DeviceModel,
  model: string,
  places: number,
  random: Random,
): number {
  const { jitter } = device;
  const factor = jitter === 0 ? 1 : Math.exp(jitter * Math.abs(random.normal()));
  return modelStepMs(device, model, places) * factor;
}
