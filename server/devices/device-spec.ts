import { z } from "zod";
import { PROVIDERS, type Provider } from "../../worker/protocol.ts";
import { ISOLATIONS, type Isolation } from "../config/config.ts";
import { shown } from "../issue-texts.ts";

/** One provider that may run a device, with the provider's own options as onnxruntime-node takes them. */
export interface ProviderSpec {
  readonly provider: Provider;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A device as it is asked for. */
export interface DeviceSpec {
  /** For logs; default the provider, and the device's number where it has one. */
  readonly name?: string;
  /** In order of preference: the first that works runs it. */
  readonly providers: readonly ProviderSpec[];
  /** Which of several GPUs, as CUDA numbers them. */
  readonly deviceId?: number;
  /** Threads or processes, each with sessions of its own; default 1 on the CPU and 2 on a GPU. */
  readonly workers?: number;
  /** Threads inside one evaluation on the CPU; default as --threads says. */
  readonly threads?: number;
  /** Workers that share a batch on the CPU; default as --team says. */
  readonly team?: number;
  /** Sizes that batches are filled up to, ascending; default any on the CPU, powers of two on a GPU. */
  readonly batchSizes?: readonly number[];
  /** Memory of one run beside weights, in MiB; default as --max-evaluation-mib says. */
  readonly maxEvaluationMib?: number;
  /** What its workers run in; default as --isolation says. */
  readonly isolation?: Isolation;
  /** ONNX Runtime's session configuration entries. */
  readonly session?: Readonly<Record<string, string>>;
}

/** The file that `--devices` names. */
export interface DevicesFile {
  readonly devices: readonly DeviceSpec[];
}

/** Providers whose device has a number. onnxruntime-node takes no other one of WebGPU's than the system's first. */
const NUMBERED: readonly Provider[] = ["cuda", "tensorrt"];

const providerOf = z.enum(PROVIDERS);

const providerSpec: z.ZodType<ProviderSpec> = z.strictObject({
  provider: providerOf,
  options: z.record(z.string(), z.unknown()).exactOptional(),
});

/** "cuda" is short for { "provider": "cuda" }. */
const provider = z
  .preprocess((seen) => (typeof seen === "string" ? { provider: seen } : seen), providerSpec)
  .refine(
    ({ provider: name, options = {} }) => !(name === "cpu" && Object.keys(options).length > 0),
    { error: "seen options of cpu, expected none: it has none" },
  )
  .refine(({ options = {} }) => !["name", "deviceId"].some((key) => key in options), {
    error: "seen name or deviceId among the options, expected the device's own deviceId",
  });

const ascending = (sizes: readonly number[]): boolean =>
  sizes.every((size, i) => size > (sizes[i - 1] ?? 0));

const device = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.:-]{1,64}$/, "expected up to 64 letters, digits, dots, colons and dashes")
      .exactOptional(),
    providers: z.array(provider).min(1),
    deviceId: z.int().min(0).max(1023).exactOptional(),
    workers: z.int().min(1).max(16).exactOptional(),
    threads: z.int().min(0).max(1024).exactOptional(),
    team: z.int().min(0).max(1024).exactOptional(),
    batchSizes: z
      .array(z.int().min(1).max(4096))
      .min(1)
      .refine(ascending, {
        error: ({ input }) => `seen ${shown(input)}, expected sizes that ascend`,
      })
      .exactOptional(),
    maxEvaluationMib: z.int().min(1).max(16_777_216).exactOptional(),
    isolation: z.enum(ISOLATIONS).exactOptional(),
    session: z.record(z.string(), z.string()).exactOptional(),
  })
  .refine(
    ({ deviceId, providers }) =>
      deviceId === undefined || providers.some(({ provider: name }) => NUMBERED.includes(name)),
    {
      path: ["deviceId"],
      error: ({ input }) =>
        `seen ${shown((input as DeviceSpec).deviceId)}, expected no number without one of the providers ${NUMBERED.join(", ")}`,
    },
  );

/** Strict: a key that it does not know is refused. */
export const devicesFileSchema: z.ZodType<DevicesFile> = z.strictObject({
  devices: z.array(device).min(1).max(64),
});

/** The number that a provider takes. */
export function deviceIdOf(
  { deviceId }: Pick<DeviceSpec, "deviceId">,
  name: Provider,
): number | undefined {
  return NUMBERED.includes(name) ? (deviceId ?? 0) : undefined;
}
