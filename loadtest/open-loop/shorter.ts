import type { Phase, Scenario } from "./scenario.ts";

/** The jobs of a scenario's first `seconds` alone: the same ones at the same times. A replay is taken whole. */
export function shorter(scenario: Scenario, seconds: number): Scenario {
  if (!(seconds > 0)) throw new RangeError(`seen ${seconds} seconds, expected a number above 0`);
  const arrivals: Phase[] = [];
  let left = seconds;
  for (const phase of scenario.arrivals) {
    if (left <= 0) break;
    arrivals.push(firstOf(phase, left));
    if (phase.process !== "replay") left -= phase.seconds;
  }
  return { ...scenario, arrivals };
}

function firstOf(phase: Phase, seconds: number): Phase {
  if (phase.process === "replay" || phase.seconds <= seconds) return phase;
  if (phase.process !== "ramp") return { ...phase, seconds };
  const { from, to } = phase;
  return { ...phase, to: from + ((to - from) * seconds) / phase.seconds, seconds };
}
