import test from "ava";
import { ProbabilityFlow } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { openRepository } from "../models/repository.ts";
import { MODELS } from "../testing/start-engine.ts";
import { checkSampler } from "./sampler.ts";

test("a server with few steps still serves the ODE to those who set no bound of their own", async (t) => {
  const model = (await openRepository(MODELS)).models.get("gaussian-mixture-vp");
  if (model === undefined) return t.fail();
  const value = ProbabilityFlow.fromPartial({});
  const sampler = { method: { $case: "probabilityFlow", value }, timeEps: 0 } as const;
  const bound = (maxSteps: number): bigint | undefined => {
    const { method } = checkSampler(sampler, model, { maxSteps }).used;
    return method?.$case === "probabilityFlow" ? method.value.maxEvaluations : undefined;
  };
  t.is(bound(10_000), 10_000n);
  t.is(bound(100), 1000n);
});
