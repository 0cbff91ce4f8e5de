import {
  type DeepPartial,
  Sampler,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** A number, or one of a few names, that a sampler can be given beside its name. */
export interface SamplerSetting {
  /** The contract's name, in lowerCamelCase. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: "whole" | "positive" | "order" | readonly string[];
}

type Method = NonNullable<Sampler["method"]>["$case"];

/** What one name out of `Model.samplers` stands for. */
export interface SamplerChoice {
  readonly method: Method;
  /** Fields that the name says. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly settings: readonly SamplerSetting[];
}

const STEPS: SamplerSetting = { name: "steps", label: "Steps", value: "whole" };
const SIGNAL_TO_NOISE: SamplerSetting = {
  name: "signalToNoise",
  label: "Signal to noise",
  hint: "r of the corrector: larger steps, more noise.",
  value: "positive",
};
const TIME_GRID: SamplerSetting = {
  name: "timeGrid",
  label: "Time grid",
  value: ["uniform", "log-snr", "karras"],
};
const ETA: SamplerSetting = {
  name: "eta",
  label: "Eta",
  hint: "How much noise is drawn anew.",
  value: "positive",
};
const ORDER: SamplerSetting = { name: "order", label: "Order", value: "order" };

/** Fast solvers that draw noise. */
const STOCHASTIC: readonly string[] = ["ddim", "dpm-solver++2m-sde", "edm-stochastic"];

/** @param name out of `Model.samplers`: `ode-<solver>`, a fast method, `annealed-langevin`, or `<predictor>[+<corrector>]` */
export function samplerChoice(name: string): SamplerChoice {
  if (name.startsWith("ode-")) return probabilityFlow(name.slice("ode-".length));
  if (name === "annealed-langevin") return ANNEALED_LANGEVIN;
  if (isFast(name)) {
    const settings = [
      STEPS,
      TIME_GRID,
      ...(STOCHASTIC.includes(name) ? [ETA] : []),
      ...(name === "unipc" ? [ORDER] : []),
    ];
    return { method: "fast", fixed: { method: name }, settings };
  }
  return predictorCorrector(name);
}

function isFast(name: string): boolean {
  return /^(ddim|dpm-|unipc|edm-)/.test(name);
}

function predictorCorrector(name: string): SamplerChoice {
  const [predictor = "", corrector = "none"] = name.split("+");
  const corrects: SamplerSetting[] = [
    { name: "correctorSteps", label: "Corrector steps", value: "whole" },
    SIGNAL_TO_NOISE,
  ];
  const leapfrog: SamplerSetting = {
    name: "leapfrogSteps",
    label: "Leapfrog steps",
    value: "whole",
  };
  const settings = [
    STEPS,
    ...(corrector === "none" ? [] : corrects),
    ...(corrector === "hmc" ? [leapfrog] : []),
  ];
  return { method: "predictorCorrector", fixed: { predictor, corrector }, settings };
}

function probabilityFlow(solver: string): SamplerChoice {
  const tolerances: SamplerSetting[] = [
    { name: "relativeTolerance", label: "Relative tolerance", value: "positive" },
    { name: "absoluteTolerance", label: "Absolute tolerance", value: "positive" },
  ];
  const settings = solver === "rk45" ? tolerances : [STEPS];
  return { method: "probabilityFlow", fixed: { solver }, settings };
}

const ANNEALED_LANGEVIN: SamplerChoice = {
  method: "annealedLangevin",
  fixed: {},
  settings: [
    { name: "scales", label: "Noise levels", value: "whole" },
    { name: "stepsPerScale", label: "Steps at each", value: "whole" },
    SIGNAL_TO_NOISE,
  ],
};

/** Whether a sampler can take what is known of a picture: not where the steps are held to a tolerance. */
export function takesConditions(name: string): boolean {
  return name !== "ode-rk45";
}

/** The names in groups, as a list shows them. Groups without names are left out. */
export function samplerGroups(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const group = groupOf(name);
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const order = ["Fast solvers", "Predictors", "Probability flow", "Predictors with a corrector"];
  return new Map(
    [...order, "Langevin dynamics"].flatMap((group) => {
      const found = groups.get(group);
      return found === undefined ? [] : [[group, found] as const];
    }),
  );
}

function groupOf(name: string): string {
  if (isFast(name)) return "Fast solvers";
  if (name.startsWith("ode-")) return "Probability flow";
  if (name === "annealed-langevin" || name.startsWith("none+")) return "Langevin dynamics";
  return name.includes("+") ? "Predictors with a corrector" : "Predictors";
}

/** Path of a setting in a request, as the server's errors name it. */
export function settingPath({ method }: SamplerChoice, name: string): string {
  return `sampler.${snake(method)}.${snake(name)}`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The contract's sampler. What the settings leave out is the model's own. */
export function toSampler(
  { method, fixed }: SamplerChoice,
  settings: Readonly<Record<string, string | number>>,
): Sampler {
  const value = { ...fixed, ...settings };
  return Sampler.fromPartial({ method: { $case: method, value } } as DeepPartial<Sampler>);
}
