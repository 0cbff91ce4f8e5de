import test from "ava";
import type { Execution } from "../../worker/protocol.ts";
import { ConfigError } from "../config/config.ts";
import { chooseProvider } from "./choose-provider.ts";

const ALL = [{ provider: "tensorrt" }, { provider: "cuda" }, { provider: "cpu" }] as const;

test("the first provider that works, with why those before it do not", async (t) => {
  const tried: Execution[] = [];
  const { execution, skipped } = await chooseProvider(
    { providers: ALL, deviceId: 3, session: { a: "1" } },
    async (execution) => {
      tried.push(execution);
      return execution.provider === "tensorrt" ? "no libnvinfer.so.10" : undefined;
    },
  );
  t.deepEqual(skipped, [{ provider: "tensorrt", reason: "no libnvinfer.so.10" }]);
  t.like(execution, { provider: "cuda", deviceId: 3, session: { a: "1" } });
  // What comes after it is not even asked.
  t.deepEqual(
    tried.map(({ provider }) => provider),
    ["tensorrt", "cuda"],
  );
});

test("a GPU's batches are filled up to few sizes, the CPU's to none", async (t) => {
  const works = async (): Promise<undefined> => undefined;
  const cpu = await chooseProvider({ providers: [{ provider: "cpu" }] }, works);
  t.deepEqual(cpu.execution, { provider: "cpu" });
  const gpu = await chooseProvider({ providers: [{ provider: "webgpu" }] }, works);
  t.deepEqual(gpu.execution.batchSizes?.slice(0, 4), [1, 2, 4, 8]);
  const sizes = { providers: [{ provider: "webgpu" }], batchSizes: [1, 32] } as const;
  const few = await chooseProvider(sizes, works);
  t.deepEqual(few.execution, { provider: "webgpu", batchSizes: [1, 32] });
});

test("where none works, each reason", async (t) => {
  const fails = async ({ provider }: Execution): Promise<string> => `${provider} is not here`;
  const providers = [{ provider: "cuda" }, { provider: "webgpu" }] as const;
  await t.throwsAsync(chooseProvider({ providers }, fails), {
    instanceOf: ConfigError,
    message:
      "none of the providers cuda,webgpu works here: cuda: cuda is not here; webgpu: webgpu is not here; expected one that does, such as cpu as the last",
  });
});
