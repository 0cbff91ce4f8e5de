import type { StepCost } from "./forming-batch.ts";

/**
 * What a batch takes that is spread over devices at work side by side: as many places as the first takes there, the next ones
 * on the second, and so on; it has been done when the last of them has. One that is so slow that it would hold up the others
 * more than it helps is left out. So a few rows are predicted as fast as the first device is, and many as the devices
 * together are.
 *
 * Pure; O(devices).
 *
 * @param costs of the devices, in the order in which they are given rows; at least one
 */
export function fleetCost(costs: readonly StepCost[]): StepCost {
  const [first, ...others] = costs;
  if (first === undefined) throw new RangeError("no devices to predict for");
  const used = [first];
  let limit = first.limit;
  let longestMs = first.stepMs(first.limit);
  for (const cost of others) {
    const [more, ms] = [limit + cost.limit, Math.max(longestMs, cost.stepMs(cost.limit))];
    if (more / ms <= limit / longestMs) continue;
    used.push(cost);
    [limit, longestMs] = [more, ms];
  }
  if (used.length === 1) return first;
  return {
    limit,
    stepMs(places) {
      // Beyond the last device's places all of them take longer alike.
      if (places > limit) return (longestMs * places) / limit;
      let ms = 0;
      let left = places;
      for (const cost of used) {
        if (left <= 0) break;
        ms = Math.max(ms, cost.stepMs(Math.min(left, cost.limit)));
        left -= cost.limit;
      }
      return ms;
    },
  };
}
