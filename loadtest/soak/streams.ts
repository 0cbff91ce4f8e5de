import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Connection, Stream } from "../open-loop/connection.ts";
import { type Arrival, planOf } from "../open-loop/plan.ts";
import type { Scenario } from "../open-loop/scenario.ts";
import { withSeed } from "../open-loop/sender.ts";
import { webSocketConnection } from "../open-loop/web-socket-connection.ts";
import { CheckedStream } from "./checked-stream.ts";

export interface StreamsOptions {
  /** Of the WebSocket. */
  readonly url: string;
  /** Whose tasks they are, by their weights; its `cancelShare` is the share that their readers leave. */
  readonly scenario: Scenario;
  readonly streams: number;
  readonly connections: number;
}

/** So many streams in flight: whenever one ends the next begins, over the same connection. Each is checked. */
export class Streams {
  readonly #scenario: Scenario;
  readonly #jobs: Generator<Arrival, void, undefined>;
  readonly #connections: Connection[] = [];
  #stopped = false;
  #onIdle: () => void = () => undefined;
  inFlight = 0;
  /** Streams that ended as they should; of those, which their readers left. */
  completed = 0;
  left = 0;
  /** Events that newer ones had replaced, of all streams. */
  skipped = 0;
  /** What was wrong with others, and how often. A stream that fails is not followed by another. */
  readonly faults: Map<string, number> = new Map();

  private constructor(scenario: Scenario) {
    this.#scenario = scenario;
    // What is next, without a when.
    const arrivals = [{ process: "poisson", rate: 1, seconds: Number.POSITIVE_INFINITY }] as const;
    this.#jobs = planOf({ ...scenario, arrivals });
  }

  /** @throws Error where it can't connect */
  static async open(options: StreamsOptions): Promise<Streams> {
    const { url, scenario, streams, connections } = options;
    const all = new Streams(scenario);
    // A hundred at a time: a server's backlog of connections that it has not taken yet is bounded.
    while (all.#connections.length < connections) {
      const length = Math.min(100, connections - all.#connections.length);
      const more = await Promise.all(Array.from({ length }, () => webSocketConnection(url)));
      all.#connections.push(...more);
    }
    for (let i = 0; i < streams; i++) {
      const connection = all.#connections[i % connections];
      if (connection !== undefined) all.#begin(connection);
    }
    return all;
  }

  get lost(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Begins no more, and resolves when those in flight have ended and the connections are closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    for (const connection of this.#connections) connection.close();
  }

  #begin(connection: Connection): void {
    const next = this.#jobs.next();
    const task = next.done ? undefined : this.#scenario.tasks[next.value.task];
    if (next.done || task === undefined) throw new RangeError("the scenario has no tasks");
    const { index, cancelAt } = next.value;
    const checked = new CheckedStream(task.request);
    let left = false;
    const onEvent = (event: JobEvent): void => {
      checked.take(event);
      if (left || !isReached(event, cancelAt)) return;
      left = true;
      stream.cancel();
    };
    const onEnd = (code: string | undefined): void => {
      this.inFlight--;
      const { fault, skipped } = checked.end(code, left);
      this.skipped += skipped;
      if (fault !== undefined) {
        this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
      } else {
        if (code === undefined) this.completed++;
        else this.left++;
        if (!this.#stopped) this.#begin(connection);
      }
      if (this.#stopped && this.inFlight === 0) this.#onIdle();
    };
    this.inFlight++;
    const request = task.seedVaries ? withSeed(task.request, index) : task.request;
    const stream: Stream = connection.start(request, { onEvent, onEnd });
  }
}

/** Whether a reader who leaves at a fraction of the way does so at this event; who leaves early does so while the job waits. */
function isReached({ event }: JobEvent, at: number | undefined): boolean {
  if (at === undefined) return false;
  if (at < 1 / 2) return event?.$case === "accepted";
  return event?.$case === "preview" || event?.$case === "progress";
}
