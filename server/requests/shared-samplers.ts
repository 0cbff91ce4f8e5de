import { Sampler } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Model } from "../models/repository.ts";
import type { Measured } from "./conditions.ts";
import type { SamplerLimits, UsedSampler } from "./sampler.ts";

/** Samplers of each model that are remembered: more are seldom in use at a time. */
const REMEMBERED = 64;

/** By model, then by what was asked for, the latest last. */
const remembered = new WeakMap<Model, Map<string, UsedSampler>>();

/**
 * The sampler of a request, shared with the requests before it that asked for the same: programs hold no state, and their
 * time grids would be a quarter of what a job takes while it waits.
 *
 * @param check makes it where nobody has asked for it lately; pure
 * @throws what `check` throws
 */
export function sharedSampler(
  sampler: Sampler,
  model: Model,
  { maxSteps }: SamplerLimits,
  measured: Measured | undefined,
  check: () => UsedSampler,
): UsedSampler {
  const known = remembered.get(model) ?? new Map<string, UsedSampler>();
  remembered.set(model, known);
  const bytes = Buffer.from(Sampler.encode(sampler).finish());
  // Without the pictures that were measured: they are a row's, not its program's.
  const { condition, resampling } = measured ?? {};
  const key = JSON.stringify([bytes.toString("base64"), maxSteps, condition, resampling]);
  const used = known.get(key) ?? check();
  known.delete(key);
  known.set(key, used);
  for (const oldest of known.keys()) {
    if (known.size <= REMEMBERED) break;
    known.delete(oldest);
  }
  return used;
}
