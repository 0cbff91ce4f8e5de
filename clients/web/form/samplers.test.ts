import test from "ava";
import {
  samplerChoice,
  samplerGroups,
  settingPath,
  takesConditions,
  toSampler,
} from "./samplers.ts";

test("a name out of ListModels is its method, with the fields that the name says", (t) => {
  const cases = {
    "euler-maruyama": ["predictorCorrector", { predictor: "euler-maruyama", corrector: "none" }],
    "none+hmc": ["predictorCorrector", { predictor: "none", corrector: "hmc" }],
    "ancestral+annealed-langevin": [
      "predictorCorrector",
      { predictor: "ancestral", corrector: "annealed-langevin" },
    ],
    "ode-rk45": ["probabilityFlow", { solver: "rk45" }],
    "dpm-solver++2m-sde": ["fast", { method: "dpm-solver++2m-sde" }],
    "edm-heun": ["fast", { method: "edm-heun" }],
    "annealed-langevin": ["annealedLangevin", {}],
  } as const;
  for (const [name, [method, fixed]] of Object.entries(cases)) {
    const choice = samplerChoice(name);
    t.deepEqual([choice.method, choice.fixed], [method, fixed], name);
  }
});

test("each method has its own settings, by the contract's paths", (t) => {
  const paths = (name: string) => {
    const choice = samplerChoice(name);
    return choice.settings.map((setting) => settingPath(choice, setting.name));
  };
  t.deepEqual(paths("ode-rk45"), [
    "sampler.probability_flow.relative_tolerance",
    "sampler.probability_flow.absolute_tolerance",
  ]);
  t.deepEqual(paths("unipc").at(-1), "sampler.fast.order");
  t.true(paths("none+hmc").includes("sampler.predictor_corrector.leapfrog_steps"));
  t.deepEqual(paths("ancestral"), ["sampler.predictor_corrector.steps"]);
});

test("what is left out of the settings is the contract's zero", (t) => {
  const sampler = toSampler(samplerChoice("ddim"), { steps: 12 });
  t.like(sampler.method, { $case: "fast", value: { method: "ddim", steps: 12, eta: 0 } });
});

test("groups have every name once, and none that is empty", (t) => {
  const names = ["none+langevin", "ddim", "ancestral", "ode-rk45", "ancestral+hmc", "edm-heun"];
  const groups = samplerGroups(names);
  t.deepEqual([...groups.values()].flat().toSorted(), names.toSorted());
  t.is([...groups.keys()][0], "Fast solvers");
  t.deepEqual([...samplerGroups(["ddim"]).keys()], ["Fast solvers"]);
  t.deepEqual(
    names.filter((name) => !takesConditions(name)),
    ["ode-rk45"],
  );
});
