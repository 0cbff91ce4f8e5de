/** What `scorestream doctor` runs: says what networks can run on here, why not on the rest, and how fast. */
import { parseArgs } from "node:util";
import { PROVIDERS, type Provider } from "../../worker/protocol.ts";
import { ConfigError } from "../config/config.ts";
import type { DeviceSpec } from "../devices/device-spec.ts";
import { readDevicesFile } from "../devices/read-devices.ts";
import { isWell } from "./diagnosis.ts";
import { type ExamineOptions, examine } from "./examine.ts";
import { report } from "./report.ts";

const HELP = `Usage: scorestream doctor [options]

What networks can run on here, why not on the rest, and how fast each model is.

  --models <folder>     default models
  --model <name>        the one to measure; default all
  --providers <names>   of ${PROVIDERS.join(",")}; default all
  --device <number>     which of several GPUs, as CUDA numbers them; default 0
  --devices <file>      a server's file of devices: each is tried and measured as the server would run it, with each of its providers
  --seconds <number>    that each model is measured on each provider that works; 0: not at all; default 10
  --max-rows <rows>     the largest batch to measure; default 64
  --threads <threads>   inside one evaluation on the CPU; 0: as many as there are cores; default 0
  --json                prints one JSON object
  --help                prints this

Exit codes: 0 every model runs on what works here; 1 not so; 2 wrong usage. docs/devices.md has what each provider needs.

Examples:
  scorestream doctor
  scorestream doctor --providers cuda,cpu --model color-digits --seconds 30 --json
`;

/** How the process ends. */
const EXIT = { well: 0, ill: 1, usage: 2 } as const;

class UsageError extends Error {}

/** @throws UsageError */
function wholeNumber(flag: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (/^\d{1,7}$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(
    `${flag}: seen ${JSON.stringify(text)}, expected a whole number from ${least} to ${most}`,
  );
}

/** @throws UsageError */
function providersOf(text: string): readonly Provider[] {
  return text.split(",").map((name) => {
    const provider = PROVIDERS.find((known) => known === name.trim());
    if (provider !== undefined) return provider;
    throw new UsageError(
      `--providers: seen ${JSON.stringify(name)}, expected some of ${PROVIDERS.join(", ")}`,
    );
  });
}

/** @throws UsageError; ConfigError where the file is wrong */
function devicesOf(file: string, given: Record<string, unknown>): readonly DeviceSpec[] {
  const other = ["providers", "device"].find((flag) => given[flag] !== undefined);
  if (other !== undefined) {
    throw new UsageError(
      `--${other}: seen beside --devices, expected one of them: the file has both`,
    );
  }
  return readDevicesFile(file);
}

function flags(): Record<string, string | boolean | undefined> {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      options: {
        ...{
          models: text,
          model: text,
          providers: text,
          seconds: text,
          threads: text,
          device: text,
          devices: text,
        },
        "max-rows": text,
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws UsageError */
async function main(): Promise<number> {
  const given = flags();
  if (given.help === true) {
    process.stdout.write(HELP);
    return EXIT.well;
  }
  const text = (flag: string, otherwise: string): string => String(given[flag] ?? otherwise);
  const deviceId = wholeNumber("--device", text("device", "0"), [0, 1023]);
  const file = text("devices", "");
  const options: ExamineOptions = {
    models: text("models", "models"),
    model: text("model", ""),
    devices:
      file === ""
        ? providersOf(text("providers", PROVIDERS.toReversed().join(","))).map((provider) => {
            return { providers: [{ provider }], deviceId };
          })
        : devicesOf(file, given),
    named: file !== "",
    seconds: wholeNumber("--seconds", text("seconds", "10"), [0, 3600]),
    maxRows: wholeNumber("--max-rows", text("max-rows", "64"), [1, 4096]),
    threads: wholeNumber("--threads", text("threads", "0"), [0, 1024]),
    onMeasure: (what) => process.stderr.write(`measuring ${what}\n`),
  };
  const diagnosis = await examine(options);
  const shown = given.json === true ? `${JSON.stringify(diagnosis)}\n` : report(diagnosis);
  process.stdout.write(shown);
  return isWell(diagnosis) ? EXIT.well : EXIT.ill;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\nscorestream doctor --help tells how it is used\n`);
  process.exitCode = EXIT.usage;
}
