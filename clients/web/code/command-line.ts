import { JobOptions_Priority } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import {
  bytesOf,
  type CodeCall,
  inputFiles,
  isCase,
  isValues,
  saidBy,
  type Value,
  type Values,
} from "./request-values.ts";

type Flags = readonly (readonly [flag: string, value: Value | undefined])[];

/** A command of docs/cli.md that asks the same. @param server of the WebSocket, such as ws://127.0.0.1:8080 */
export function toCommandLine(call: CodeCall, server: string): string {
  const said = saidBy(call);
  const names = new Map(inputFiles(said).map(({ name, bytes }) => [bytes, name]));
  const { command, flags, files } = commandOf(call.$case, said);
  const words = [
    `scorestream ${command}`,
    ...files.map((file) => quoted(names.get(bytesOf(file) ?? new Uint8Array()) ?? "FILE")),
    ...[...flags, ...commonFlags(said), ["--server", server] as const].flatMap(([flag, value]) =>
      value === undefined ? [] : [written(flag, value, names)],
    ),
  ];
  return `${words.join(" \\\n  ")}\n`;
}

interface Command {
  readonly command: string;
  readonly flags: Flags;
  readonly files: readonly Value[];
}

function commandOf($case: CodeCall["$case"], said: Values): Command {
  switch ($case) {
    case "sample":
      return sampleCommand(said);
    case "encode":
      return { command: "encode", flags: solverFlags(said), files: listOf(said.images) };
    case "interpolate": {
      const flags: Flags = [["--frames", said.frames], ...solverFlags(said)];
      return { command: "interpolate", flags, files: listOf(said.images) };
    }
    case "decode":
      return { command: "decode", flags: solverFlags(said), files: listOf(said.latents) };
    case "logLikelihood": {
      const { probes, probe, dequantizations, images } = said;
      const own: Flags = [
        ["--probes", probes],
        ["--probe", probe],
        ["--dequantizations", dequantizations],
      ];
      return {
        command: "likelihood",
        flags: [...own, ...solverFlags(said)],
        files: listOf(images),
      };
    }
  }
}

function sampleCommand({ condition, sampler, count }: Values): Command {
  const rest: Flags = [["--count", count], ...samplerFlags(sampler)];
  const asked = isValues(condition) ? condition.condition : undefined;
  if (!isCase(asked)) return { command: "sample", flags: rest, files: [] };
  const { value } = asked;
  switch (asked.$case) {
    case "inpaint": {
      const { image, mask, resampleJumps, jumpLength, classLabel } = value;
      const own: Flags = [
        ["--image", image],
        ["--mask", mask],
        ["--resample-jumps", resampleJumps],
        ["--jump-length", jumpLength],
        ...classFlags(classLabel),
      ];
      return { command: "inpaint", flags: [...own, ...rest], files: [] };
    }
    case "colorize":
      return { command: "colorize", flags: rest, files: listOf([value.gray ?? ""]) };
    case "superResolve": {
      const flags: Flags = [["--factor", value.factor], ...rest];
      return { command: "upscale", flags, files: listOf([value.lowResolution ?? ""]) };
    }
    default:
      return { command: "sample", flags: [...classFlags(value), ...rest], files: [] };
  }
}

function classFlags(value: Value | undefined): Flags {
  if (!isValues(value)) return [];
  return [
    ["--class", value.label],
    ["--guidance", value.guidanceScale],
  ];
}

function samplerFlags(sampler: Value | undefined): Flags {
  const method = isValues(sampler) ? sampler.method : undefined;
  if (!isCase(method)) return [];
  const { value } = method;
  return [
    ["--sampler", samplerName(method.$case, value)],
    ["--steps", value.steps ?? value.scales],
    ["--corrector-steps", value.correctorSteps ?? value.stepsPerScale],
    ["--snr", value.signalToNoise],
    ["--leapfrog-steps", value.leapfrogSteps],
    ["--time-grid", value.timeGrid],
    ["--eta", value.eta],
    ["--order", value.order],
    ["--tolerance", value.relativeTolerance ?? value.absoluteTolerance],
  ];
}

/** As `Model.samplers` names it. */
function samplerName($case: string, value: Values): string {
  const { predictor, corrector, method, solver } = value;
  if ($case === "fast") return String(method);
  if ($case === "probabilityFlow") return `ode-${String(solver)}`;
  if ($case === "annealedLangevin") return "annealed-langevin";
  return corrector === "none" ? String(predictor) : `${String(predictor)}+${String(corrector)}`;
}

function solverFlags({ solver, timeEps }: Values): Flags {
  const tolerance = isValues(solver) ? solver.relativeTolerance : undefined;
  return [
    ["--tolerance", tolerance],
    ["--time-eps", timeEps],
  ];
}

function commonFlags({ model, seed, options }: Values): Flags {
  const { priority, deadline, fitToDeadline, strict } = isValues(options) ? options : {};
  const seconds = isValues(deadline)
    ? Number(deadline.seconds ?? 0) + Number(deadline.nanos ?? 0) / 1e9
    : undefined;
  return [
    ["--seed", seed],
    ["--model", model],
    ["--priority", priority === JobOptions_Priority.PRIORITY_BATCH ? "batch" : undefined],
    ["--deadline", seconds === undefined ? undefined : `${seconds}s`],
    ["--fit-to-deadline", fitToDeadline],
    ["--strict", strict],
  ];
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

function written(flag: string, value: Value, names: ReadonlyMap<Uint8Array, string>): string {
  if (value === true) return flag;
  const bytes = bytesOf(value);
  if (bytes !== undefined) return `${flag} ${quoted(names.get(bytes) ?? "FILE")}`;
  return `${flag} ${quoted(String(value))}`;
}

/** A word of a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
