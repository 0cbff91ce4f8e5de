import { readFileSync } from "node:fs";
import type { Provider } from "../../worker/protocol.ts";
import { type Config, ConfigError } from "../config/config.ts";
import { issueTexts } from "../issue-texts.ts";
import { type DeviceSpec, devicesFileSchema } from "./device-spec.ts";

const PAGE = "docs/devices.md";

/**
 * The devices that a server is to run on: those of the file, or one, as `--providers` says.
 *
 * @throws ConfigError where the file can't be read or is wrong: its field, the value seen, what would be right
 */
export function readDevices({
  devices,
  providers,
  maxEvaluationMib,
}: Pick<Config, "devices" | "providers" | "maxEvaluationMib">): readonly DeviceSpec[] {
  if (devices === "") {
    const names = providers.split(",").map((name) => name.trim() as Provider);
    return [{ providers: names.map((provider) => ({ provider })), maxEvaluationMib }];
  }
  if (providers !== "cpu") {
    throw new ConfigError(
      `--providers: seen ${JSON.stringify(providers)} beside --devices, expected one of them: the file has a list for each device`,
    );
  }
  return readDevicesFile(devices).map((device) => ({ maxEvaluationMib, ...device }));
}

/** The devices of a file. @throws ConfigError as `readDevices` */
export function readDevicesFile(path: string): readonly DeviceSpec[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`--devices: ${path}: ${reason}; expected a JSON file (${PAGE})`);
  }
  const parsed = devicesFileSchema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data.devices;
  const lines = parsed.error.issues
    .flatMap((issue) => issueTexts(issue, PAGE))
    .map(
      ({ field, message }) => `--devices: ${path}: ${field === "" ? "" : `${field}: `}${message}`,
    );
  throw new ConfigError(lines.join("\n"));
}
