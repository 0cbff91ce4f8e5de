import { createHook } from "node:async_hooks";

/**
 * Follows the timers that the server's own code sets from now on, those that hold up no exit too, which
 * process.getActiveResourcesInfo leaves out.
 */
export class OwnTimers {
  readonly #alive = new Map<number, string>();
  readonly #hook = createHook({
    init: (id, type) => {
      if (type !== "Timeout") return;
      const place = ownPlace();
      if (place !== undefined) this.#alive.set(id, place);
    },
    destroy: (id) => {
      this.#alive.delete(id);
    },
  });

  constructor() {
    this.#hook.enable();
  }

  /** Where each timer that is set was set, sorted. Node tells of those that ended a turn later. */
  async places(): Promise<readonly string[]> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    return [...this.#alive.values()].sort();
  }

  stop(): void {
    this.#hook.disable();
  }
}

/** The compiled file of the server, and its line, that is setting a timer; undefined where another is. */
function ownPlace(): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 30;
    Error.prepareStackTrace = (_, sites) =>
      sites.map((site) => `${site.getFileName() ?? ""}:${site.getLineNumber() ?? 0}`);
    const sites = new Error("to see who calls").stack as unknown as readonly string[];
    // The first that is no timer function of Node, nor this file.
    const caller = sites.find((site) => !site.startsWith("node:") && !site.includes("/timers.js"));
    const [, place] = /\/dist\/server\/(?!testing)(.*)$/.exec(caller ?? "") ?? [];
    return place;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
