import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { grpcConnection } from "./grpc-connection.ts";
import { isJudged, ObservedJob } from "./observed-job.ts";
import { type Arrival, planOf } from "./plan.ts";
import type { Scenario, Task, TaskRequest } from "./scenario.ts";
import { newSecond, type Second } from "./second.ts";
import { Tally, UNFINISHED } from "./tally.ts";
import { webSocketConnection } from "./web-socket-connection.ts";

/** Where to send. */
export interface Target {
  readonly grpc: string;
  /** Of the WebSocket. */
  readonly url: string;
}

/** One process's part of a run. */
export interface Share {
  readonly target: Target;
  /** Of the epoch in ms: the same in every process. */
  readonly startAt: number;
  /** It sends the arrivals whose index is `part` modulo `parts`. */
  readonly part: number;
  readonly parts: number;
  /** How many times as fast as the scenario says: faster.ts. */
  readonly factor: number;
  /** Of the scenario, as its file is: its first seconds alone, shorter.ts. */
  readonly firstS?: number | undefined;
}

/**
 * Sends a share of the plan, each job at its time whatever became of those before it, and waits for the jobs to end.
 *
 * @param stop no further jobs are sent
 * @param onSecond each second when it is over, and the last as far as it went
 * @returns a tally of each task
 */
export async function send(
  scenario: Scenario,
  { target, startAt, part, parts }: Share,
  stop: AbortSignal,
  onSecond: (second: Second) => void,
): Promise<Tally[]> {
  const now = (): number => performance.timeOrigin + performance.now() - startAt;
  const tallies = scenario.tasks.map(() => new Tally());
  const jobs = new Set<ObservedJob>();
  const most = Math.ceil(scenario.maxInFlight / parts);
  const pool = await openPool(scenario, target);
  let second = newSecond(0);
  const current = (): Second => {
    const at = Math.max(0, Math.floor(now() / 1000));
    while (second.second < at) {
      second.inFlight = jobs.size;
      onSecond(second);
      second = newSecond(second.second + 1);
    }
    return second;
  };
  const ticking = setInterval(current, 200);

  const begin = (arrival: Arrival, task: Task, tally: Tally): void => {
    current().scheduled++;
    if (jobs.size >= most) {
      if (arrival.counted) tally.countUnsent(isJudged(arrival));
      return;
    }
    let own: Connection | undefined;
    const job = new ObservedJob(arrival, task, {
      now,
      second: current,
      tally,
      onEnd() {
        jobs.delete(job);
        own?.close();
      },
    });
    jobs.add(job);
    const request = task.seedVaries ? withSeed(task.request, arrival.index) : task.request;
    if (!arrival.slow) {
      job.sentOn(pool.next(task).start(request, job));
      return;
    }
    void pool.own(task).then(
      (connection) => {
        own = connection;
        job.sentOn(connection.start(request, job));
      },
      () => job.giveUp("connection-lost"),
    );
  };

  for (const arrival of planOf(scenario)) {
    if (arrival.index % parts !== part) continue;
    const waitMs = arrival.atMs - now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) break;
    const [task, tally] = [scenario.tasks[arrival.task], tallies[arrival.task]];
    if (task !== undefined && tally !== undefined) begin(arrival, task, tally);
  }
  const until = now() + 1000 * scenario.drainS;
  while (jobs.size > 0 && now() < until) await sleep(50);
  for (const job of jobs) job.giveUp(UNFINISHED);
  clearInterval(ticking);
  current();
  // The last one is not over.
  onSecond(second);
  pool.close();
  return tallies;
}

interface Pool {
  /** In turn, those of the task's transport. */
  next(task: Task): Connection;
  /** A new one, which its job closes. */
  own(task: Task): Promise<Connection>;
  close(): void;
}

async function openPool(scenario: Scenario, { grpc, url }: Target): Promise<Pool> {
  const open = async ({ transport }: Pick<Task, "transport">): Promise<Connection> =>
    transport === "grpc" ? grpcConnection(grpc) : webSocketConnection(url);
  const shared = new Map<Task["transport"], Connection[]>();
  for (const transport of new Set(scenario.tasks.map((task) => task.transport))) {
    const each = Array.from({ length: scenario.connections }, () => open({ transport }));
    shared.set(transport, await Promise.all(each));
  }
  let turn = 0;
  return {
    next({ transport }) {
      const all = shared.get(transport) ?? [];
      const connection = all[turn++ % all.length];
      if (connection === undefined) throw new RangeError(`no connection of ${transport} is open`);
      return connection;
    },
    own: open,
    close() {
      for (const connection of [...shared.values()].flat()) connection.close();
    },
  };
}

/** Each job draws another sample. */
export function withSeed(request: TaskRequest, index: number): TaskRequest {
  const seed = BigInt(index + 1);
  if (request.$case === "sample") return { ...request, value: { ...request.value, seed } };
  if (request.$case === "logLikelihood") return { ...request, value: { ...request.value, seed } };
  return request;
}
