import test from "ava";
import { PredictorCorrector, ProbabilityFlow } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { openRepository } from "../models/repository.ts";
import { MODELS } from "../testing/start-engine.ts";
import { describeModel } from "./describe-model.ts";
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

test("a model may recommend a fast solver; predictor-corrector then has its own defaults", async (t) => {
  const model = (await openRepository(MODELS)).models.get("gaussian-mixture-vp");
  if (model === undefined) return t.fail();
  const sampler = { method: "fast", solver: "unipc", steps: 12 } as const;
  const quick = { ...model, manifest: { ...model.manifest, sampler } };
  const limits = { maxSteps: 10_000 };
  t.like(checkSampler(undefined, quick, limits).used.method, {
    $case: "fast",
    value: { method: "unipc", steps: 12, timeGrid: "log-snr" },
  });
  t.is(describeModel(quick).defaultSampler, "unipc");
  const value = PredictorCorrector.fromPartial({ steps: 5 });
  const named = { method: { $case: "predictorCorrector", value }, timeEps: 0 } as const;
  t.like(checkSampler(named, quick, limits).used.method, {
    value: { predictor: "reverse-diffusion", corrector: "langevin", steps: 5 },
  });
});
