import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { faster } from "./faster.ts";
import type { FromGenerator, ToGenerator } from "./generator.ts";
import { lastPhaseStart } from "./plan.ts";
import type { Scenario } from "./scenario.ts";
import { type Second, together } from "./second.ts";
import type { Target } from "./sender.ts";
import { hasSettled, type Settled } from "./settle.ts";
import { shorter } from "./shorter.ts";
import { Tally } from "./tally.ts";

/** What a run saw. */
export interface Outcome {
  /** Of each task, in the scenario's order. */
  readonly tallies: readonly Tally[];
  readonly seconds: readonly Second[];
  /** Seconds of sending: shorter than the plan where it settled. */
  readonly sentS: number;
  /** Undefined where the scenario doesn't ask. */
  readonly settled: Settled | undefined;
}

/** A scenario as it is to be run. */
export interface Run {
  /** The scenario's file, which each process reads for itself. */
  readonly path: string;
  readonly target: Target;
  /** How many times as fast as the file says: faster.ts; default 1. */
  readonly factor?: number;
  /** The first seconds of what the file says, alone: shorter.ts. */
  readonly firstS?: number;
  /** Each second of the run, when all processes have told of it. */
  readonly onSecond?: (second: Second) => void;
}

/** Processes begin to send so long after they were told, in ms, so that all of them are ready. */
const START_MS = 1000;

const GENERATOR = fileURLToPath(new URL("generator.js", import.meta.url));

/**
 * Runs a scenario against a server, in processes of the generator's own.
 *
 * @param scenario as it was read from the run's path, and no faster
 * @throws Error where a process ends early, or can't connect
 */
export async function runScenario(
  scenario: Scenario,
  { path, target, factor = 1, firstS, onSecond = () => {} }: Run,
): Promise<Outcome> {
  const run = faster(firstS === undefined ? scenario : shorter(scenario, firstS), factor);
  const { warmupS } = run;
  const lastStartS = lastPhaseStart(run);
  const parts = scenario.processes;
  const children = Array.from({ length: parts }, () => fork(GENERATOR, { stdio: "inherit" }));
  const seconds: Second[] = [];
  const partly = new Map<number, Second[]>();
  let sentS: number | undefined;
  let settled: Settled | undefined;

  const stopIfSettled = (): void => {
    if (scenario.settle === false || sentS !== undefined) return;
    const from = Math.ceil(Math.max(warmupS, lastStartS));
    settled = hasSettled(seconds.slice(from), scenario.settle);
    if (!settled.settled) return;
    sentS = seconds.length;
    for (const child of children) tell(child, { kind: "stop" });
  };
  const onPart = (second: Second): void => {
    const known = [...(partly.get(second.second) ?? []), second];
    partly.set(second.second, known);
    if (known.length < parts) return;
    finish(known);
    stopIfSettled();
  };
  const finish = (known: readonly Second[]): void => {
    const whole = together(known);
    partly.delete(whole.second);
    seconds.push(whole);
    onSecond(whole);
  };

  try {
    await Promise.all(children.map(isUp));
    const startAt = Date.now() + START_MS;
    const done = children.map((child) => tallied(child, onPart));
    for (const [part, child] of children.entries()) {
      tell(child, {
        kind: "begin",
        scenario: path,
        share: { target, startAt, part, parts, factor, firstS },
      });
    }
    const all = await Promise.all(done);
    // Seconds that came after one process had ended.
    for (const known of partly.values()) finish(known);
    const tallies = scenario.tasks.map((_, i) => {
      const sum = new Tally();
      for (const each of all) if (each[i] !== undefined) sum.add(each[i]);
      return sum;
    });
    const lastScheduled = seconds.findLast(({ scheduled }) => scheduled > 0)?.second ?? 0;
    return { tallies, seconds, sentS: sentS ?? lastScheduled + 1, settled };
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
  }
}

function tell(child: ChildProcess, message: ToGenerator): void {
  child.send(message);
}

async function isUp(child: ChildProcess): Promise<void> {
  await Promise.race([once(child, "message"), early(child)]);
}

function tallied(child: ChildProcess, onSecond: (second: Second) => void): Promise<Tally[]> {
  const done = new Promise<Tally[]>((resolve, reject) => {
    child.on("message", (message: FromGenerator) => {
      if (message.kind === "second") onSecond(message.second);
      if (message.kind === "done") resolve(message.tallies.map((tally) => new Tally(tally)));
      if (message.kind === "failed") reject(new Error(message.message));
    });
  });
  return Promise.race([done, early(child)]);
}

async function early(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, "exit")) as [number | null];
  throw new Error(`a process of the generator ended early, with ${code}`);
}
