import test from "ava";
import { FastSolver, type Sampler } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { type Model, openRepository } from "../models/repository.ts";
import { MODELS } from "../testing/start-engine.ts";
import type { Measured } from "./conditions.ts";
import { checkSampler } from "./sampler.ts";

const LIMITS = { maxSteps: 10_000 };

function ddim(steps: number, timeEps = 0): Sampler {
  const value = FastSolver.fromPartial({ method: "ddim", steps });
  return { method: { $case: "fast", value }, timeEps };
}

async function modelNamed(name: string): Promise<Model> {
  const model = (await openRepository(MODELS)).models.get(name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

test("requests that ask for the same share a sampler, and no others do", async (t) => {
  const model = await modelNamed("gaussian-mixture-vp");
  const first = checkSampler(ddim(5), model, LIMITS);
  t.is(checkSampler(ddim(5), model, LIMITS), first);
  const { shape } = model;
  const measured: Measured = { condition: { transform: "identity", shape }, inputs: [] };
  const resampling = { jumps: 2, jumpLength: 3 };
  const others = [
    checkSampler(ddim(6), model, LIMITS),
    checkSampler(ddim(5, 0.01), model, LIMITS),
    checkSampler(ddim(5), model, { maxSteps: 5 }),
    checkSampler(ddim(5), model, LIMITS, measured),
    checkSampler(undefined, model, LIMITS),
    checkSampler(undefined, model, LIMITS, { ...measured, resampling }),
    checkSampler(undefined, model, LIMITS, measured),
    checkSampler(ddim(5), await modelNamed("gaussian-mixture-ve"), LIMITS),
  ];
  t.is(new Set([first, ...others].map(({ program }) => program)).size, 1 + others.length);
});

test("what nobody has asked for lately is forgotten", async (t) => {
  const model = await modelNamed("gaussian-mixture-vp");
  const old = checkSampler(ddim(1), model, LIMITS);
  const used = checkSampler(ddim(2), model, LIMITS);
  for (let steps = 10; steps < 80; steps++) {
    checkSampler(ddim(2), model, LIMITS);
    checkSampler(ddim(steps), model, LIMITS);
  }
  t.is(checkSampler(ddim(2), model, LIMITS), used);
  t.not(checkSampler(ddim(1), model, LIMITS), old);
});
