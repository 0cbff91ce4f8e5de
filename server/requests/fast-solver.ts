import type { FastSolver } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  type Churn,
  edmSampler,
  FAST_METHODS,
  type FastMethod,
  multistep,
  type Program,
  type Restart,
  TIME_GRID_NAMES,
  type TimeGridName,
} from "../../sde/index.ts";
import { invalidArgument } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { checkCountOr, checkName, checkNameOr } from "./checks.ts";
import type { CheckedSampler, CommonOptions } from "./sampler.ts";

const STEPS = 20;
const ORDER = 3;
const MAX_ETA = 1000;

/** What each method takes where the request says nothing. */
const OWN: Readonly<Record<FastMethod, { readonly timeGrid: TimeGridName; readonly eta: number }>> =
  {
    ddim: { timeGrid: "log-snr", eta: 0 },
    "dpm-solver++2m": { timeGrid: "log-snr", eta: 0 },
    "dpm-solver++2m-sde": { timeGrid: "log-snr", eta: 1 },
    unipc: { timeGrid: "log-snr", eta: 0 },
    "edm-heun": { timeGrid: "karras", eta: 0 },
    "edm-stochastic": { timeGrid: "karras", eta: 30 },
    "edm-restart": { timeGrid: "karras", eta: 0 },
  };

/** EDM's S_min, S_max and S_noise for CIFAR-10 in the VP process; S_churn is the request's eta. */
const CHURN: Omit<Churn, "total"> = { sigmaMin: 0.01, sigmaMax: 1, noise: 1.007 };

/** Restart between noise levels where details are decided, in data of about unit range. */
const RESTART: Restart = { sigmaMin: 0.06, sigmaMax: 0.3, repeats: 4, steps: 3 };

interface Chosen {
  readonly method: FastMethod;
  readonly steps: number;
  readonly timeGrid: TimeGridName;
  readonly eta: number;
  readonly order: number;
}

/** @throws ServerError "invalid-argument" naming the field */
export function checkFastSolver(
  asked: FastSolver,
  model: Model,
  common: CommonOptions,
): CheckedSampler {
  const field = (name: string): string => `sampler.fast.${name}`;
  if (!common.denoise) {
    throw invalidArgument("sampler.denoise", false, "true: fast solvers end with E[x0 | x_t]");
  }
  const method = checkName(field("method"), asked.method, FAST_METHODS);
  const own = OWN[method];
  const chosen: Chosen = {
    method,
    steps: checkCountOr(field("steps"), asked.steps, common.maxSteps, STEPS),
    timeGrid: checkNameOr(field("time_grid"), asked.timeGrid, TIME_GRID_NAMES, own.timeGrid),
    eta: checkEta(field("eta"), asked.eta, method),
    order: method === "unipc" ? checkCountOr(field("order"), asked.order, 3, ORDER) : 0,
  };
  return {
    program: programOf(chosen, model, common),
    used: { $case: "fast", value: chosen },
  };
}

function checkEta(field: string, seen: number, method: FastMethod): number {
  if (seen === 0) return OWN[method].eta;
  const most =
    method === "ddim"
      ? 1
      : method === "dpm-solver++2m-sde" || method === "edm-stochastic"
        ? MAX_ETA
        : 0;
  if (seen > 0 && seen <= most) return seen;
  const expected = most === 0 ? `0: "${method}" draws no noise` : `a number in (0, ${most}], or 0`;
  throw invalidArgument(field, seen, expected);
}

function programOf(chosen: Chosen, { process }: Model, { eps, condition }: CommonOptions): Program {
  const { method, steps, timeGrid, eta } = chosen;
  switch (method) {
    case "ddim":
    case "dpm-solver++2m":
    case "dpm-solver++2m-sde":
    case "unipc":
      return multistep({
        process,
        method,
        steps,
        timeGrid,
        eps,
        eta,
        condition,
        order: chosen.order || ORDER,
      });
    case "edm-heun":
      return edmSampler({ process, steps, timeGrid, eps, condition });
    case "edm-stochastic":
      return edmSampler({
        process,
        steps,
        timeGrid,
        eps,
        condition,
        churn: { ...CHURN, total: eta },
      });
    case "edm-restart":
      return edmSampler({ process, steps, timeGrid, eps, condition, restart: RESTART });
  }
}
