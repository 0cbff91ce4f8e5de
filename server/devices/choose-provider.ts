import type { Execution } from "../../worker/protocol.ts";
import { ConfigError } from "../config/config.ts";
import { type DeviceSpec, deviceIdOf, type ProviderSpec } from "./device-spec.ts";

/** A provider that does not work here, and why. */
export interface SkippedProvider {
  readonly provider: string;
  readonly reason: string;
}

/** What runs a device, and what was preferred and does not work. */
export interface ChosenProvider {
  readonly execution: Execution;
  readonly skipped: readonly SkippedProvider[];
}

/** Why a provider does not work; undefined where it does. */
export type TryProvider = (execution: Execution) => Promise<string | undefined>;

/**
 * The first of a device's providers that works.
 *
 * @throws ConfigError where none does: each with its reason
 */
export async function chooseProvider(
  spec: DeviceSpec,
  tryProvider: TryProvider,
): Promise<ChosenProvider> {
  const skipped: SkippedProvider[] = [];
  for (const provider of spec.providers) {
    const execution = executionOf(spec, provider);
    const reason = await tryProvider(execution);
    if (reason === undefined) return { execution, skipped };
    skipped.push({ provider: provider.provider, reason });
  }
  const reasons = skipped.map(({ provider, reason }) => `${provider}: ${reason}`);
  const names = spec.providers.map(({ provider }) => provider).join(",");
  throw new ConfigError(
    `none of the providers ${names} works here: ${reasons.join("; ")}; expected one that does, such as cpu as the last`,
  );
}

/** Powers of two: every new shape is compiled for, and a batch is filled up to at most twice its rows. */
const GPU_BATCH_SIZES: readonly number[] = Array.from({ length: 13 }, (_, i) => 2 ** i);

/** How a device runs on one of its providers. */
export function executionOf(spec: DeviceSpec, { provider, options }: ProviderSpec): Execution {
  const { threads, session, maxEvaluationMib } = spec;
  const deviceId = deviceIdOf(spec, provider);
  const batchSizes = spec.batchSizes ?? (provider === "cpu" ? undefined : GPU_BATCH_SIZES);
  return {
    provider,
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(options === undefined ? {} : { options }),
    ...(session === undefined ? {} : { session }),
    ...(threads === undefined ? {} : { intraOpThreads: threads }),
    ...(batchSizes === undefined ? {} : { batchSizes }),
    ...(maxEvaluationMib === undefined
      ? {}
      : { maxEvaluationBytes: 1024 * 1024 * maxEvaluationMib }),
  };
}
