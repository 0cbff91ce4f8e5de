import { placesOf } from "../../worker/protocol.ts";
import { claimOf, evaluationsLeft, type JobRows, withLearned } from "./backlog.ts";
import type { Job } from "./job.ts";
import { type Lane, laneOfRow } from "./lane.ts";
import { alikeLevel } from "./predict-finish.ts";
import type { Row } from "./row.ts";

type Lanes = ReadonlyMap<string, Lane>;

/** Rows that are alike; their evaluations are added up. */
export interface OpenGroup {
  readonly kind: Kind;
  readonly key: number;
  readonly waiting: boolean;
  rows: number;
  evaluations: number;
}

/** What stays the same of a row until its end. */
interface Kind {
  readonly key: string;
  /** Of the job that came first; its rows and evaluations do not count. */
  readonly of: JobRows;
  /** By whether they wait and what they still need. */
  readonly groups: Map<number, OpenGroup>;
}

/**
 * All rows of jobs that have not ended, in groups of those that are alike: kept current row by row, so that what a new job
 * finds costs as much as there are groups, however many jobs there are. A job with a deadline has groups of its own.
 *
 * Each call costs O(1), but `groups`: O(groups). Sums are exact where evaluations are known ahead: these are integers.
 */
export class OpenRows {
  readonly #lanes: Lanes;
  readonly #kinds = new Map<string, Kind>();

  constructor(lanes: Lanes) {
    this.#lanes = lanes;
  }

  /** A job was taken on; its rows have no registers. */
  add(job: Job): void {
    const kind = this.#kindOf(job, job.unbegun.lane);
    for (const row of job.rows) this.#enter(row, kind, true, evaluationsLeft(row, this.#lanes));
  }

  /** A row has got registers, or has done a step. @returns the evaluations that it still needs, expected */
  change(row: Row): number {
    const { open, counted, job, step } = row;
    const left = evaluationsLeft(row, this.#lanes);
    if (open === undefined) return left;
    const lane = step?.evaluate === undefined ? open.kind.of.lane : laneOfRow(row);
    const kind = lane === open.kind.of.lane ? open.kind : this.#kindOf(job, lane);
    if (kind === open.kind && keyOf(kind, false, left) === open.key) {
      open.evaluations += left - counted;
      row.counted = left;
    } else {
      this.#enter(row, kind, false, left);
      this.#leave(open, counted);
    }
    return left;
  }

  /** A row has ended, or its job has; nothing where it had before. */
  remove(row: Row): void {
    if (row.open !== undefined) this.#leave(row.open, row.counted);
    row.open = undefined;
  }

  /** What counts now, by what is known now. */
  groups(): JobRows[] {
    const groups: JobRows[] = [];
    for (const { of, groups: alike } of this.#kinds.values()) {
      for (const { waiting, rows, evaluations } of alike.values()) {
        const group = groupOf(of, waiting, rows, evaluations / rows);
        groups.push(waiting ? withLearned(group, this.#lanes) : group);
      }
    }
    return groups;
  }

  #enter(row: Row, kind: Kind, waiting: boolean, left: number): void {
    const key = keyOf(kind, waiting, left);
    let group = kind.groups.get(key);
    if (group === undefined) {
      group = { kind, key, waiting, rows: 0, evaluations: 0 };
      kind.groups.set(key, group);
      this.#kinds.set(kind.key, kind);
    }
    group.rows++;
    group.evaluations += left;
    row.open = group;
    row.counted = left;
  }

  #leave(group: OpenGroup, counted: number): void {
    group.rows--;
    group.evaluations -= counted;
    if (group.rows > 0) return;
    const { kind } = group;
    kind.groups.delete(group.key);
    if (kind.groups.size === 0) this.#kinds.delete(kind.key);
  }

  #kindOf(job: Job, lane: string): Kind {
    const { unbegun, spec } = job;
    const { tenant, priority, deadlineMs } = claimOf(spec);
    const { registerBytes, kind: adaptive } = unbegun;
    const due = deadlineMs === undefined ? undefined : job.id;
    const places = placesOf(spec.conditioning);
    const parts = [lane, priority, tenant, places, spec.strict, registerBytes, adaptive, due];
    const key = JSON.stringify(parts);
    return this.#kinds.get(key) ?? { key, of: { ...unbegun, lane }, groups: new Map() };
  }
}

/** Written out: copied by a spread, each object would have a shape of its own, and reading them would be slow. */
function groupOf(of: JobRows, waiting: boolean, rows: number, evaluations: number): JobRows {
  return {
    lane: of.lane,
    tenant: of.tenant,
    priority: of.priority,
    rows,
    places: of.places,
    evaluations,
    deadlineMs: of.deadlineMs,
    alone: of.alone ?? false,
    waiting,
    registerBytes: of.registerBytes,
    kind: of.kind,
  };
}

/** Rows of a job with a deadline are together however far each is, and adaptive ones that wait: they need alike. */
function keyOf({ of }: Kind, waiting: boolean, left: number): number {
  const together = of.deadlineMs !== undefined || (waiting && of.kind !== undefined);
  return 2 * (together ? 0 : alikeLevel(left)) + Number(waiting);
}
