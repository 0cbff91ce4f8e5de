import { shown } from "../issue-texts.ts";
import type { Manifest } from "./manifest.ts";
import type { ClassifierEntry, ScoreNetworkEntry } from "./manifest-network.ts";

/** A rule between fields that does not hold: which field, and what is wrong with it. */
export interface BrokenRule {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Rule = (manifest: Manifest) => readonly BrokenRule[];

/** Every rule between the fields of a manifest that does not hold. */
export function checkManifest(manifest: Manifest): readonly BrokenRule[] {
  return RULES.flatMap((rule) => rule(manifest));
}

const RULES: readonly Rule[] = [ranges, classes, levels, samplers, networks, oracle];

function ordered(path: readonly string[], low: number, high: number): readonly BrokenRule[] {
  return low < high ? [] : [{ path, message: `seen ${low} and ${high}, expected low < high` }];
}

function ranges(manifest: Manifest): BrokenRule[] {
  const { dataRange, sigmaRange, forwardProcess, evaluation, ...rest } = manifest;
  const broken = [...ordered(["dataRange"], ...dataRange)];
  if (sigmaRange !== undefined) broken.push(...ordered(["sigmaRange"], ...sigmaRange));
  const heldOut = evaluation?.heldOutBitsPerDim;
  if (heldOut !== undefined) {
    broken.push(...ordered(["evaluation", "heldOutBitsPerDim"], heldOut.low, heldOut.high));
  }
  switch (forwardProcess.kind) {
    case "ve":
    case "edm":
      broken.push(
        ...ordered(
          ["forwardProcess", "sigmaMax"],
          forwardProcess.sigmaMin,
          forwardProcess.sigmaMax,
        ),
      );
      break;
    case "vp":
    case "subvp":
      if (forwardProcess.betaMax < forwardProcess.betaMin) {
        const { betaMin, betaMax } = forwardProcess;
        const message = `seen ${betaMax}, expected at least betaMin, ${betaMin}`;
        broken.push({ path: ["forwardProcess", "betaMax"], message });
      }
      break;
    case "cosine":
      broken.push(
        ...ordered(
          ["forwardProcess", "logSnrMax"],
          forwardProcess.logSnrMin,
          forwardProcess.logSnrMax,
        ),
      );
      break;
    case "ddpm":
    case "smld":
  }
  for (const field of ["samplingEps", "likelihoodEps"] as const) {
    const eps = rest[field];
    if (eps !== undefined && eps >= 1) {
      broken.push({ path: [field], message: `seen ${eps}, expected less than T, 1` });
    }
  }
  return broken;
}

function classes({ classes, classifier, score }: Manifest): BrokenRule[] {
  const broken: BrokenRule[] = [];
  const twice = classes.find((name, index) => classes.indexOf(name) !== index);
  if (twice !== undefined) {
    const message = `seen ${shown(twice)} twice, expected each once`;
    broken.push({ path: ["classes"], message });
  }
  if (classes.length < 2 && (classifier !== undefined || score.class !== undefined)) {
    const message = `seen ${classes.length} names, expected at least 2 beside a class input or a classifier`;
    broken.push({ path: ["classes"], message });
  }
  const nullClass = score.class?.nullClass;
  if (nullClass === undefined) return broken;
  // An index may count one class more than there are names: the one that means none.
  const [low, high] =
    score.class?.encoding === "index" ? [0, classes.length] : [-1, classes.length - 1];
  if (nullClass < low || nullClass > high) {
    const message = `seen ${nullClass}, expected ${low} to ${high}`;
    broken.push({ path: ["score", "class", "nullClass"], message });
  }
  return broken;
}

function levels({ continuous, levels, score, classifier }: Manifest): BrokenRule[] {
  if (levels !== undefined) return [];
  const networks: readonly (ScoreNetworkEntry | ClassifierEntry | undefined)[] = [
    score,
    classifier,
  ];
  const counting = networks
    .map((network) => network?.time.kind)
    .find((kind) => kind === "step" || kind === "reversed-step");
  if (continuous && counting === undefined) return [];
  const reason = counting === undefined ? "continuous false" : `the time input ${counting}`;
  return [
    { path: ["levels"], message: `missing, expected the number of noise levels for ${reason}` },
  ];
}

function samplers({ sampler, ladder = [], forwardProcess }: Manifest): BrokenRule[] {
  const broken: BrokenRule[] = [];
  const all = [
    { path: ["sampler"], entry: sampler },
    ...ladder.map((entry, i) => ({ path: ["ladder", i], entry })),
  ];
  for (const { path, entry } of all) {
    if (entry?.method !== "predictor-corrector" || entry.predictor !== "ancestral") continue;
    if (forwardProcess.kind !== "subvp") continue;
    const message = "seen ancestral, which sub-VP does not have";
    broken.push({ path: [...path, "predictor"], message });
  }
  for (const [i, { steps, leastSteps }] of ladder.entries()) {
    if (leastSteps <= steps) continue;
    const message = `seen ${leastSteps}, expected at most steps, ${steps}`;
    broken.push({ path: ["ladder", i, "leastSteps"], message });
  }
  return broken;
}

function networks({ score, classifier, shape }: Manifest): BrokenRule[] {
  const broken: BrokenRule[] = [];
  const needsSigmaData = score.input.scaling === "edm-c-in" || score.output.kind === "edm-raw";
  if (needsSigmaData && score.sigmaData === undefined) {
    broken.push({
      path: ["score", "sigmaData"],
      message: "missing, expected with edm-c-in and edm-raw",
    });
  }
  if (classifier?.input.scaling === "edm-c-in" && classifier.sigmaData === undefined) {
    broken.push({ path: ["classifier", "sigmaData"], message: "missing, expected with edm-c-in" });
  }
  const channels = score.output.channels;
  if (channels !== undefined && channels < shape.channels) {
    const message = `seen ${channels}, expected at least shape.channels, ${shape.channels}`;
    broken.push({ path: ["score", "output", "channels"], message });
  }
  for (const [name, network] of [
    ["score", score],
    ["classifier", classifier],
  ] as const) {
    const normalization = network?.input.normalization;
    for (const part of ["mean", "std"] as const) {
      const length = normalization?.[part].length;
      if (length !== undefined && length !== shape.channels) {
        const message = `seen ${length} values, expected one per channel, ${shape.channels}`;
        broken.push({ path: [name, "input", "normalization", part], message });
      }
    }
  }
  return broken;
}

function oracle({ oracle, shape }: Manifest): BrokenRule[] {
  if (oracle === undefined) return [];
  const broken: BrokenRule[] = [];
  const { weights, means, stds } = oracle;
  const dims = shape.channels * shape.height * shape.width;
  if (means.length !== weights.length || stds.length !== weights.length) {
    const message = `seen ${weights.length} weights, ${means.length} means, ${stds.length} stds, expected as many of each`;
    broken.push({ path: ["oracle"], message });
  }
  if (means.some((mean) => mean.length !== dims)) {
    broken.push({ path: ["oracle", "means"], message: `expected ${dims} values in each mean` });
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) > 1e-9) {
    broken.push({ path: ["oracle", "weights"], message: `they add up to ${total}, expected 1` });
  }
  return broken;
}
