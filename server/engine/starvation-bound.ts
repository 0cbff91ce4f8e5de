import { BATCH_SHARE, FAIR_SHARE, type Priority } from "./device-schedule.ts";
import { AHEAD_BATCHES, CHEAP_PLACE, RIDE_BATCHES } from "./forming-batch.ts";

/** A row that is ready, and what may keep it waiting. */
export interface Wait {
  readonly priority: Priority;
  /** A batch waits behind the one that runs. */
  readonly pipelined: boolean;
  /** The longest step of any lane on the device, in ms. */
  readonly longestMs: number;
  /** Places of the largest batch. */
  readonly limit: number;
  /** Weight of the row's tenant, and of each other tenant with rows of its class on the device meanwhile. */
  readonly weight: number;
  readonly others: readonly number[];
  /** What the rows of its tenant and class that were ready before it will be charged for one step each, in ms. */
  readonly aheadMs: number;
}

/**
 * How long a ready row waits at most until it is chosen, in ms of predicted device time. Let C be the longest step, w the
 * tenant's weight, W the others' weights and m their number, S what its own rows ahead are charged. (While a row waits in
 * one lane, younger ones of its tenant in another are charged for no turn that others have opened.)
 *
 * 1. When the row becomes ready, its tenant's virtual time is at most A C / w ahead of the class's virtual time V
 *    (A = AHEAD_BATCHES; a turn is only given to who has the least, or rides at most R = RIDE_BATCHES ahead), so the row
 *    is chosen before its tenant reaches V + (A C + S) / w.
 * 2. Until then a turn goes to tenants that have no more than that. Each of the others starts at V - A C / w_j or later and
 *    ends at most R C / w_j and one batch past it: together they are charged W (A C + S) / w + m (A + R + 1) C.
 *    Its own tenant is charged A C + S, and the batch that the row is in takes C more.
 * 3. Every batch is charged in full to those whose turn it was, but for deadlines at risk (5) and riders. Each rider makes
 *    it at most 1 + q / n times as long as it was with n places (q = CHEAP_PLACE), so all of them at most limit^q times.
 * 4. Where batches are pipelined, a turn is passed over while the row's lane is away and not full: once for each time
 *    that the lane is away, so at most every other batch.
 * 5. Of the time of a class all but FAIR_SHARE may go to deadlines at risk; batch work has BATCH_SHARE of the device,
 *    interactive work the rest. Each share may have been had in advance, by one batch.
 */
export function starvationBoundMs(wait: Wait): number {
  const { priority, pipelined, longestMs, limit, weight, others, aheadMs } = wait;
  const total = others.reduce((sum, other) => sum + other, 0);
  const ownMs = AHEAD_BATCHES * longestMs + aheadMs;
  const slackMs = (AHEAD_BATCHES + RIDE_BATCHES + 1) * others.length * longestMs;
  const turnsMs = (1 + total / weight) * ownMs + slackMs + longestMs;
  const chargedMs = (pipelined ? 2 : 1) * limit ** CHEAP_PLACE * turnsMs;
  const share = FAIR_SHARE * (priority === "batch" ? BATCH_SHARE : 1 - BATCH_SHARE);
  return (chargedMs + 2 * longestMs) / share;
}
