import { invalidArgument } from "../errors.ts";

/** Names as an error lists them. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** @throws ServerError "invalid-argument" unless `seen` is one of the names */
export function checkName<Name extends string>(
  field: string,
  seen: string,
  names: readonly Name[],
): Name {
  const known = names.find((name) => name === seen);
  if (known === undefined) throw invalidArgument(field, seen, `one of ${listed(names)}`);
  return known;
}

/** A name, or `own` where the field was left out. @throws as `checkName` */
export function checkNameOr<Name extends string>(
  field: string,
  seen: string,
  names: readonly Name[],
  own: Name,
): Name {
  return seen === "" ? own : checkName(field, seen, names);
}

/** A count of at least 1, or `own` where the field was left out. @throws ServerError "invalid-argument" */
export function checkCountOr(field: string, seen: number, most: number, own: number): number {
  if (!(Number.isInteger(seen) && seen >= 0 && seen <= most)) {
    throw invalidArgument(field, seen, `an integer from 1 to ${most}, or 0 for the model's own`);
  }
  return seen === 0 ? own : seen;
}

/** A number in (0, most], or `own` where the field was left out. @throws ServerError "invalid-argument" */
export function checkNumberOr(field: string, seen: number, most: number, own: number): number {
  if (!(seen >= 0 && seen <= most)) {
    throw invalidArgument(field, seen, `a number in (0, ${most}], or 0 for the model's own`);
  }
  return seen === 0 ? own : seen;
}
