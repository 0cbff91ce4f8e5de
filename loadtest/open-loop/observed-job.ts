import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Listener, Stream } from "./connection.ts";
import type { Arrival } from "./plan.ts";
import type { Task } from "./scenario.ts";
import type { Second } from "./second.ts";
import { CANCELLED, COMPLETED, type Tally } from "./tally.ts";

/** What a job is observed with. */
export interface Observer {
  readonly now: () => number;
  /** The second that it is now. */
  readonly second: () => Second;
  readonly tally: Tally;
  readonly onEnd: () => void;
}

/** Goodput judges all jobs but those whose caller cancels them or reads slowly. */
export function isJudged({ slow, cancelAt }: Arrival): boolean {
  return !slow && cancelAt === undefined;
}

/** One job as its caller sees it: what came when, told to the tally. */
export class ObservedJob implements Listener {
  readonly #arrival: Arrival;
  readonly #task: Task;
  readonly #observer: Observer;
  /** When each row's last preview came. */
  readonly #previews = new Map<number, number>();
  /** Evaluations that each row has told of. */
  readonly #evaluations = new Map<number, number>();
  #stream: Stream | undefined;
  #events = 0;
  #cancelled = false;
  #ended = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(arrival: Arrival, task: Task, observer: Observer) {
    this.#arrival = arrival;
    this.#task = task;
    this.#observer = observer;
  }

  /** @param stream what `start` gave, before any event can come */
  sentOn(stream: Stream): void {
    this.#stream = stream;
    this.#record("sendDelay");
  }

  /** Ends it where it has not ended yet. */
  giveUp(outcome: string): void {
    this.#end(outcome);
    this.#stream?.cancel();
  }

  readonly onEvent = ({ event }: JobEvent): void => {
    if (this.#ended) return;
    if (this.#events++ === 0) this.#record("firstEvent");
    if (this.#arrival.slow) this.#dawdle();
    switch (event?.$case) {
      case "progress":
        this.#progressed(event.value.row, Number(event.value.evaluations));
        if (event.value.fraction >= (this.#arrival.cancelAt ?? 2)) this.#cancel();
        break;
      case "preview":
        this.#previewed(event.value.row);
        this.#progressed(event.value.row, Number(event.value.evaluations));
        break;
      case "sampled":
      case "encoded":
      case "likelihood":
        this.#observer.second().results++;
        if (event.$case === "sampled") this.#observer.second().images++;
        this.#progressed(event.value.row, Number(event.value.evaluations));
        break;
      default: // accepted and completed are their own news
    }
  };

  readonly onEnd = (code: string | undefined): void => {
    this.#end(code === undefined ? COMPLETED : this.#cancelled ? CANCELLED : code);
  };

  #end(outcome: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#pause);
    const { tally, now, second, onEnd } = this.#observer;
    const totalMs = now() - this.#arrival.atMs;
    const completed = outcome === COMPLETED;
    if (completed) {
      second().completed++;
      second().totalsMs.push(totalMs);
      this.#record("total");
    } else second().failed++;
    if (this.#arrival.counted) {
      tally.count(outcome);
      if (isJudged(this.#arrival)) {
        tally.judged++;
        if (completed && totalMs <= (this.#task.goalMs ?? Number.POSITIVE_INFINITY)) tally.good++;
      }
    }
    onEnd();
  }

  #progressed(row: number, evaluations: number): void {
    this.#observer.second().evaluations += evaluations - (this.#evaluations.get(row) ?? 0);
    this.#evaluations.set(row, evaluations);
  }

  #previewed(row: number): void {
    const now = this.#observer.now();
    const last = this.#previews.get(row);
    if (this.#previews.size === 0) this.#record("firstPreview");
    if (last !== undefined) this.#record("previewGap", now - last);
    this.#previews.set(row, now);
  }

  /** Times of slow readers are their own doing and are left out. */
  #record(measure: Parameters<Tally["latencies"]["record"]>[0], ms?: number): void {
    const { counted, slow, atMs } = this.#arrival;
    if (!counted || slow) return;
    this.#observer.tally.latencies.record(measure, ms ?? this.#observer.now() - atMs);
  }

  #cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#stream?.cancel();
  }

  #dawdle(): void {
    this.#stream?.pause();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#stream?.resume(), this.#task.slowPauseMs);
  }
}
