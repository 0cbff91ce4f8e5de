import type { Option } from "commander";
import type { ClassOptions } from "../../typescript/core/conditions.ts";
import { UsageError } from "../exit-codes.ts";
import { numberOption, textOption } from "./option.ts";

export interface ClassFlags {
  readonly class?: string;
  readonly guidance?: number;
}

export const CLASS_OPTIONS: readonly (() => Option)[] = [
  textOption("--class <label>", "of the model's classes"),
  numberOption("--guidance <w>", "guidance scale of --class; left out: 1", {
    least: 0,
    most: 100,
    whole: false,
  }),
];

/** @throws UsageError for a guidance scale without a class */
export function classOf({ class: label, guidance }: ClassFlags): ClassOptions | undefined {
  if (label === undefined) {
    if (guidance === undefined) return undefined;
    throw new UsageError("--guidance: goes with --class");
  }
  return guidance === undefined ? { label } : { label, guidanceScale: guidance };
}
