import type { DescEnum } from "@bufbuild/protobuf";
import { wrongValue } from "./seen.ts";

/**
 * The number of an enum's value, given as its number or (in JSON) its name. The contract's enums grow only together
 * with the server, so an unknown one is a mistake, and would otherwise become the default without a word.
 *
 * @throws ServerError "invalid-argument", with the right names
 */
export function checkEnum(field: string, seen: unknown, type: DescEnum): number {
  const value = type.values.find((each) => each.number === seen || each.name === seen);
  if (value === undefined) throw wrongValue(field, seen, `one of ${valueNames(type)}`);
  return value.number;
}

function valueNames(type: DescEnum): string {
  return type.values.map((each) => `${each.name} (${each.number})`).join(", ");
}
