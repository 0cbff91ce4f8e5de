import { invalidArgument } from "../errors.ts";

/** Longest name of a tenant, in characters. */
export const MAX_TENANT_LENGTH = 128;

/** A tenant's name; "" is one too. @throws ServerError "invalid-argument" */
export function checkTenant(field: string, seen: string): string {
  if (seen.length <= MAX_TENANT_LENGTH) return seen;
  throw invalidArgument(field, seen, `at most ${MAX_TENANT_LENGTH} characters`);
}
