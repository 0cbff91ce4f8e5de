import { colorize } from "./colorize.ts";
import { generate } from "./generate.ts";
import { inpaint } from "./inpaint.ts";
import { interpolate } from "./interpolate.ts";
import { likelihood } from "./likelihood.ts";
import { superResolve } from "./super-resolve.ts";
import type { Task } from "./task.ts";

/** Every task of the page, in the order in which they are offered. */
export const TASKS: readonly Task[] = [
  generate,
  inpaint,
  colorize,
  superResolve,
  interpolate,
  likelihood,
];
