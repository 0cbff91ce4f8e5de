import { randomInt } from "node:crypto";
import type { Option } from "commander";
import { parsedOption } from "./option.ts";

const MOST = 2n ** 64n - 1n;

export const SEED_OPTION: () => Option = parsedOption(
  "--seed <n>",
  "the same seed gives the same pictures; left out: one at random, in the file's name",
  `a whole number from 0 to ${MOST}`,
  (text) => {
    if (!/^\d{1,20}$/.test(text)) return undefined;
    const seed = BigInt(text);
    return seed <= MOST ? seed : undefined;
  },
);

/** Of 32 bits, so that a person can copy it. */
export function randomSeed(): bigint {
  return BigInt(randomInt(2 ** 32));
}
