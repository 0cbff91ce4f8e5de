import test from "ava";
import { type FlowSolver, probabilityFlow } from "../flow/probability-flow.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import type { Program } from "../program.ts";
import { exactMoments, gaussianScore, PROCESSES, slope } from "../testing.ts";
import { edmSampler } from "./edm-sampler.ts";
import { type MultistepMethod, multistep } from "./multistep.ts";
import { predictorCorrector } from "./predictor-corrector.ts";
import type { PredictorName } from "./predictors.ts";
import type { TimeGridName } from "./time-grid.ts";

/** How the result of a method depends on its steps, and its order in theory. */
interface Method {
  readonly name: string;
  readonly order: number;
  readonly steps: readonly number[];
  program(process: ForwardProcess, steps: number): Program;
  /** How much faster than in theory it may be; default 0.4. */
  readonly above?: number;
  /** Which moment shows the error. */
  readonly of: "mean" | "variance";
}

/** Well inside the process, where nothing is stiff and the order shows at few steps. */
const EPS = 0.1;

const common = { relativeTolerance: 1e-5, absoluteTolerance: 1e-5, maxEvaluations: 1e5 } as const;

function flow(solver: FlowSolver, order: number): Method {
  return {
    name: `probability flow, ${solver}`,
    order,
    steps: [160, 320, 640, 1280],
    of: "variance",
    program: (process, steps) =>
      probabilityFlow({
        ...common,
        ...{ process, solver, steps, direction: "sample", eps: EPS, denoise: false },
      }),
  };
}

function predictor(name: PredictorName, of: Method["of"] = "variance"): Method {
  return {
    name: `predictor ${name}`,
    order: 1,
    steps: [200, 400, 800],
    of,
    program: (process, steps) =>
      predictorCorrector({
        ...{ process, predictor: name, corrector: "none", steps, eps: EPS },
        ...{ correctorSteps: 0, signalToNoise: 0.1, denoise: true, correctorFirst: false },
      }),
  };
}

function fast(method: MultistepMethod, order: number, unipcOrder: number, eta: number): Method {
  return {
    name: `${method}${method === "unipc" ? ` of order ${unipcOrder}` : ""}, eta ${eta}`,
    order,
    steps: [64, 128, 256, 512],
    of: "variance",
    program: (process, steps) =>
      multistep({ process, method, steps, timeGrid: "log-snr", eps: EPS, eta, order: unipcOrder }),
  };
}

function heun(timeGrid: TimeGridName): Method {
  return {
    name: `edm-heun on the ${timeGrid} grid`,
    order: 2,
    steps: [20, 40, 80, 160],
    of: "variance",
    program: (process, steps) => edmSampler({ process, steps, timeGrid, eps: EPS }),
  };
}

const METHODS: readonly Method[] = [
  flow("euler", 1),
  flow("heun", 2),
  // For VE its first-order error of the variance happens to vanish; the mean shows it.
  predictor("euler-maruyama", "mean"),
  predictor("reverse-diffusion"),
  predictor("ancestral"),
  predictor("probability-flow"),
  fast("ddim", 1, 3, 0),
  fast("ddim", 1, 3, 1),
  fast("dpm-solver++2m", 2, 3, 0),
  fast("dpm-solver++2m-sde", 2, 3, 1),
  fast("unipc", 2, 1, 0),
  fast("unipc", 3, 2, 0),
  // Order 4 with its corrector, held to 3 by the first steps, which have too little history; for VE those are at
  // noise levels that hardly matter.
  { ...fast("unipc", 3, 3, 0), above: 1 },
  heun("karras"),
  heun("log-snr"),
];

for (const { name, order, steps, of, above = 0.4, program } of METHODS) {
  for (const kind of ["ve", "vp", "subvp"] as const) {
    if (kind === "subvp" && name.includes("ancestral")) continue;
    test(`${kind}, ${name}: order ${order}`, (t) => {
      const process = PROCESSES[kind];
      const score = gaussianScore(process);
      const moments = steps.map((n) => {
        const one = program(process, n);
        return exactMoments(one, score, (one.evaluations ?? 0) + 1)[of];
      });
      // The distance of the results at n and 2 n falls like the error itself.
      const differences = moments.slice(1).map((moment, i) => Math.abs(moment - (moments[i] ?? 0)));
      const seen = slope(differences);
      t.true(seen > order - 0.4 && seen < order + above, `order ${seen}`);
    });
  }
}
