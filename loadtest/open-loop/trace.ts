import { ScenarioError } from "./scenario-error.ts";

/** Arrivals as they once came: seconds from the first line's, and the task's name where the line has one. */
export type Trace = readonly { readonly seconds: number; readonly task: string | undefined }[];

/**
 * Reads a trace: a line an arrival, `seconds` or `seconds,task`, in any order of time; lines that are empty or begin
 * with # are left out.
 *
 * @param what names the file in errors
 * @throws ScenarioError for a line that is no arrival, or a task that the scenario does not have
 */
export function readTrace(text: string, tasks: readonly string[], what: string): Trace {
  const arrivals = text.split("\n").flatMap((line, i) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const [first = "", task] = line.split(",").map((field) => field.trim());
    const seconds = first === "" ? Number.NaN : Number(first);
    if (!(seconds >= 0)) {
      throw new ScenarioError(`${what}: line ${i + 1}: seen ${first}, expected seconds >= 0`);
    }
    if (task !== undefined && !tasks.includes(task)) {
      throw new ScenarioError(
        `${what}: line ${i + 1}: seen the task ${task}, expected one of ${tasks.join(", ")}`,
      );
    }
    return [{ seconds, task }];
  });
  if (arrivals.length === 0)
    throw new ScenarioError(`${what}: seen no arrival, expected one a line`);
  arrivals.sort((a, b) => a.seconds - b.seconds);
  const start = arrivals[0]?.seconds ?? 0;
  return arrivals.map(({ seconds, task }) => ({ seconds: seconds - start, task }));
}
