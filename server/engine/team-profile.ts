import type { ProfileAnswer, ProfileTask, Team } from "../../worker/protocol.ts";
import { gains } from "./share-batch.ts";
import { expectedStepMs } from "./step-profile.ts";

/** A graph's step times on a device, as it is to be run. */
export interface LaneProfile extends ProfileAnswer {
  /** How workers share a batch, where that is faster. */
  readonly team?: Team;
}

/** Measured alone; beside the work of a server, sessions of all threads lose more than a team does. */
export const LEAST_GAIN = 1;

/** A share that takes longer than this, in ms, is the last that is measured: from there on, time grows with the places. */
const ENOUGH_MS = 200;

/**
 * Measures a team beside one worker with all threads.
 *
 * @param alone the one worker's profile of the same task
 * @param leastGain the team is taken where it is so many times as fast, in the geometric mean over sizes
 * @param run has every worker of `source.team` measure the same sizes at once, on one thread each: the slowest one's times
 * @returns the faster one's profile: of the team for the sizes that it would share, of one worker for the others
 * @throws what `run` throws
 */
export async function profileTeam(
  task: ProfileTask,
  alone: ProfileAnswer,
  { workers, leastGain }: { readonly workers: number; readonly leastGain: number },
  run: (task: ProfileTask) => Promise<ProfileAnswer>,
): Promise<LaneProfile> {
  const sizes = task.batchSizes.slice(0, alone.stepMs.length);
  const largest = Math.floor((sizes.at(-1) ?? 0) / workers);
  const shares: number[] = [];
  for (let share = 1; share <= largest; share *= 2) shares.push(share);
  if (shares.length === 0) return alone;
  const shared = await run({
    ...task,
    source: { ...task.source, team: { workers, gain: 1 } },
    batchSizes: shares,
    enoughMs: Math.min(task.enoughMs, ENOUGH_MS),
  });
  const aloneMs = (places: number): number =>
    expectedStepMs({ batchSizes: sizes, stepMs: alone.stepMs }, places);
  const { stepMs: shareMs } = shared;
  const measured = { batchSizes: shares.slice(0, shareMs.length), stepMs: shareMs };
  const teamMs = (places: number): number => expectedStepMs(measured, Math.ceil(places / workers));
  const logs = shareMs.map((ms, i) => Math.log(aloneMs(workers * (shares[i] ?? 0)) / ms));
  const gain = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  if (!(gain >= leastGain)) return alone;
  // Of runs with more places than were measured nothing is known.
  const most = shareMs.length < shares.length ? shares[shareMs.length - 1] : undefined;
  const placesPerRun = shared.placesPerRun ?? most;
  const team = { workers, gain, ...(placesPerRun === undefined ? {} : { placesPerRun }) };
  const stepMs = sizes.map((places) =>
    gains(team, places, Math.ceil(places / workers)) ? teamMs(places) : aloneMs(places),
  );
  return { ...alone, stepMs, team };
}
