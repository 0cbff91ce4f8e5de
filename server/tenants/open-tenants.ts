import { readFileSync } from "node:fs";
import { type Config, ConfigError } from "../config/config.ts";
import { issueTexts } from "../issue-texts.ts";
import { OPEN_POLICY, type TenantPolicy, Tenants } from "./tenants.ts";
import { type TenantEntry, type TenantsFile, tenantsFileSchema } from "./tenants-file.ts";

const MIB = 1024 * 1024;

/** The settings that say what tenants may have. */
export type TenantSettings = Pick<
  Config,
  "tenants" | "tenantMaxRows" | "tenantRegisterMib" | "tenantBacklogS"
>;

/**
 * The tenants of a server, by its settings and the file that they name. What a tenant's own entry leaves out is as the
 * file's default entry says, what that leaves out as the settings say.
 *
 * @throws ConfigError where the file can't be read or is wrong: its field, the value seen, what would be right
 */
export function openTenants({
  tenants,
  tenantMaxRows,
  tenantRegisterMib,
  tenantBacklogS,
}: TenantSettings): Tenants {
  const file: TenantsFile = tenants === "" ? { default: {}, tenants: {} } : readFile(tenants);
  const set: TenantEntry = {
    ...(tenantMaxRows === 0 ? {} : { maxRows: tenantMaxRows }),
    ...(tenantRegisterMib === 0 ? {} : { maxRegisterMib: tenantRegisterMib }),
    ...(tenantBacklogS === 0 ? {} : { maxBacklogS: tenantBacklogS }),
  };
  const others = policyOf({ ...set, ...file.default }, OPEN_POLICY);
  const named = Object.entries(file.tenants).map(([name, entry]): [string, TenantPolicy] => [
    name,
    policyOf(entry, others),
  ]);
  return new Tenants(others, new Map(named));
}

/** Reads the file again. @returns what is wrong with it, by lines; then tenants have what they had */
export function reopenTenants(tenants: Tenants, settings: TenantSettings): string | undefined {
  try {
    tenants.become(openTenants(settings));
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

function policyOf(
  { maxRegisterMib, maxBacklogS, ...entry }: TenantEntry,
  others: TenantPolicy,
): TenantPolicy {
  const registers = maxRegisterMib === undefined ? {} : { maxRegisterBytes: maxRegisterMib * MIB };
  const backlog = maxBacklogS === undefined ? {} : { maxBacklogMs: 1000 * maxBacklogS };
  return { ...others, ...entry, ...registers, ...backlog };
}

function readFile(path: string): TenantsFile {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `--tenants: ${path}: ${reason}; expected a JSON file (docs/scheduling.md)`,
    );
  }
  const parsed = tenantsFileSchema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues
    .flatMap((issue) => issueTexts(issue, "docs/scheduling.md"))
    .map(
      ({ field, message }) => `--tenants: ${path}: ${field === "" ? "" : `${field}: `}${message}`,
    );
  throw new ConfigError(lines.join("\n"));
}
