import type { JobWords } from "./job-run.ts";

/** A job of this tab, and what it is shown under. */
export interface RememberedJob extends JobWords {
  readonly id: string;
}

const KEY = "scorestream-jobs";

/** The jobs of this tab, running or not: a page that is loaded again asks the server for them by their ids. */
export class RememberedJobs {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** In the order in which they began. What can't be read is nothing. */
  all(): RememberedJob[] {
    try {
      const read: unknown = JSON.parse(this.#storage.getItem(KEY) ?? "[]");
      return Array.isArray(read) ? read.filter(isRemembered) : [];
    } catch {
      return [];
    }
  }

  add(job: RememberedJob): void {
    this.#keep([...this.all().filter(({ id }) => id !== job.id), job]);
  }

  remove(id: string): void {
    this.#keep(this.all().filter((job) => job.id !== id));
  }

  #keep(jobs: readonly RememberedJob[]): void {
    try {
      this.#storage.setItem(KEY, JSON.stringify(jobs));
    } catch {
      // A browser that keeps nothing, or has no room: a reload finds no jobs, and nothing else is lost.
    }
  }
}

function isRemembered(value: unknown): value is RememberedJob {
  if (typeof value !== "object" || value === null) return false;
  return ["id", "task", "model", "title", "details"].every(
    (key) => typeof Reflect.get(value, key) === "string",
  );
}
