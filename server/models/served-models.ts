import { asServerError, shuttingDown } from "../errors.ts";
import type { Model } from "./model.ts";
import type { ModelProblem } from "./model-problem.ts";
import { type FoundModels, type Repository, repositoryOf } from "./repository.ts";

/** What models are read from and run on. */
export interface ModelHost {
  /** Reads the folder of models. */
  read(): Promise<FoundModels>;
  /**
   * Makes a model ready to run.
   *
   * @param serving others are served meanwhile, and must not notice
   * @returns the model with all of its graphs
   * @throws ServerError where it does not run
   */
  open(model: Model, serving: boolean): Promise<Model>;
  /** Resolves once no job of the model runs and all that it held is free; no job may come any more. */
  close(model: Model): Promise<void>;
}

/** What a reload made of one model; "kept": what the folder has now can't run, so what ran before still does. */
export const OUTCOMES = ["opened", "replaced", "unchanged", "kept", "removed"] as const;

export interface ModelChange {
  readonly model: string;
  readonly outcome: (typeof OUTCOMES)[number];
  /** The version that is served now; of "removed" the last one. */
  readonly version: string;
  /** Of "replaced": the version before. */
  readonly replaced?: string;
}

export interface ReloadReport {
  /** By name. */
  readonly changes: readonly ModelChange[];
  /** Everything in the folder that is not served as it is there, and why. */
  readonly problems: readonly ModelProblem[];
}

/**
 * The models that are served, and how they become others. What a request is checked against is one repository that never
 * changes; a reload puts another in its place in one turn. A version that is replaced or removed stays open until no
 * request and no job uses it.
 */
export class ServedModels {
  readonly #host: ModelHost;
  readonly #defaultModel: string;
  #current: Repository;
  /** Requests that are being checked, by what they are checked against. */
  readonly #leases = new Set<{ readonly models: ReadonlyMap<string, Model> }>();
  readonly #onReturn: (() => void)[] = [];
  /** Versions that are offered no more and still have jobs. */
  readonly #retiring = new Set<Model>();
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<ReloadReport> | undefined;
  #stopped = false;

  /** Serves nothing until the first reload. @param defaultModel name of the default model; "": the first by name */
  constructor(host: ModelHost, defaultModel = "") {
    this.#host = host;
    this.#defaultModel = defaultModel;
    this.#current = { models: new Map(), problems: [], defaultModel: "" };
  }

  get current(): Repository {
    return this.#current;
  }

  /** Versions that are offered no more and still have jobs. */
  get retiring(): readonly Model[] {
    return [...this.#retiring];
  }

  /** Runs `check` against what is served now; none of it is closed before the promise is settled. */
  async use<T>(check: (repository: Repository) => Promise<T>): Promise<T> {
    const lease = { models: this.#current.models };
    this.#leases.add(lease);
    try {
      return await check(this.#current);
    } finally {
      this.#leases.delete(lease);
      for (const tell of this.#onReturn.splice(0)) tell();
    }
  }

  /**
   * Serves what the folder has now. One reload at a time: those that are asked for while one runs share the next, since
   * the folder may have changed after the one that runs had read it.
   *
   * @throws ServerError "shutting-down"
   */
  reload(): Promise<ReloadReport> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.#reload();
    });
    this.#last = this.#next.catch(() => undefined);
    return this.#next;
  }

  /** Nothing changes any more: the server stops. */
  stop(): void {
    this.#stopped = true;
  }

  async #reload(): Promise<ReloadReport> {
    const before = this.#current.models;
    const found = await this.#host.read();
    const problems = [...found.problems];
    const models = new Map<string, Model>();
    for (const bare of found.models.values()) {
      this.#checkOpen();
      const served = before.get(bare.name);
      if (served?.version === bare.version) {
        models.set(bare.name, served);
        continue;
      }
      try {
        models.set(bare.name, await this.#host.open(bare, before.size > 0));
      } catch (error) {
        problems.push({ model: bare.name, message: asServerError(error).message });
        if (served !== undefined) models.set(bare.name, served);
      }
    }
    for (const [name, served] of before) {
      const broken = problems.some((problem) => concerns(problem, served));
      if (broken && !models.has(name)) models.set(name, served);
    }
    this.#checkOpen();
    this.#current = repositoryOf({ models, problems }, this.#defaultModel);
    for (const [name, served] of before) {
      if (models.get(name) !== served) void this.#retire(served);
    }
    return { changes: changesOf(before, models, found), problems: this.#current.problems };
  }

  async #retire(model: Model): Promise<void> {
    this.#retiring.add(model);
    while ([...this.#leases].some(({ models }) => models.get(model.name) === model)) {
      await new Promise<void>((resolve) => this.#onReturn.push(resolve));
    }
    await this.#host.close(model);
    this.#retiring.delete(model);
  }

  #checkOpen(): void {
    if (this.#stopped) throw shuttingDown();
  }
}

/** Whether a problem is about the folder that a model came from, or about the folder of all. */
function concerns({ model, file }: ModelProblem, served: Model): boolean {
  return model === "" || model === served.name || file?.split("/")[0] === served.folder;
}

function changesOf(
  before: ReadonlyMap<string, Model>,
  after: ReadonlyMap<string, Model>,
  found: FoundModels,
): readonly ModelChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name): ModelChange[] => {
    const [old, now] = [before.get(name), after.get(name)];
    const version = (now ?? old)?.version ?? "";
    if (now === undefined) return [{ model: name, outcome: "removed", version }];
    if (old === undefined) return [{ model: name, outcome: "opened", version }];
    if (old !== now) {
      return [{ model: name, outcome: "replaced", version, replaced: old.version }];
    }
    const same = found.models.get(name)?.version === version;
    return [{ model: name, outcome: same ? "unchanged" : "kept", version }];
  });
}
