import {
  type BatchAnswer,
  type BatchTask,
  type GraphSource,
  placesOf,
  type Team,
} from "../../worker/protocol.ts";

/**
 * Whether a team is faster at a batch than one worker with all threads: it takes as long as its largest share, so shares
 * may differ by no more than the team gains.
 *
 * @param largest places of the largest share
 */
export function gains({ workers, gain }: Team, places: number, largest: number): boolean {
  return largest * workers <= places * gain;
}

/** The graph as one of a team evaluates it: in a session of its own, of one thread. */
export function sharedSource({ team, placesPerRun: _, ...source }: GraphSource): GraphSource {
  const placesPerRun = team?.placesPerRun;
  return {
    ...source,
    key: sharedKey(source.key),
    ...(team === undefined ? {} : { sharedBy: team.workers }),
    ...(placesPerRun === undefined ? {} : { placesPerRun }),
  };
}

/** The key of a graph's sessions of one thread. */
export function sharedKey(key: string): string {
  return `${key}/one-thread`;
}

/**
 * A batch's rows for each of the team, in order, about as many places each. A row is never divided: one alone is one
 * worker's, with all threads, and so are batches that would be divided too unevenly.
 *
 * @returns the batch as it is where one worker is to have it
 */
export function shareBatch(task: BatchTask): readonly BatchTask[] {
  const { source, rows } = task;
  const { team } = source;
  if (team === undefined || rows.length < team.workers) return [task];
  const places = rows.map(({ evaluate }) => placesOf(evaluate));
  const all = places.reduce((sum, count) => sum + count, 0);
  const shares: BatchTask[] = [];
  let [from, sum, before, largest] = [0, 0, 0, 0];
  for (const [i, count] of places.entries()) {
    sum += count;
    if (sum * team.workers < all * (shares.length + 1)) continue;
    shares.push({ ...task, source: sharedSource(source), rows: rows.slice(from, i + 1) });
    largest = Math.max(largest, sum - before);
    [from, before] = [i + 1, sum];
  }
  return gains(team, all, largest) ? shares : [task];
}

/** What a batch's workers say together: its rows in order; it has taken as long as the slowest share. */
export function joinAnswers(answers: readonly BatchAnswer[]): BatchAnswer {
  return {
    ok: true,
    rows: answers.flatMap(({ rows }) => rows),
    padding: answers.reduce((sum, { padding }) => sum + padding, 0),
    evaluateMs: Math.max(...answers.map(({ evaluateMs }) => evaluateMs)),
    totalMs: Math.max(...answers.map(({ totalMs }) => totalMs)),
  };
}
