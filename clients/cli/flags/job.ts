import { Option } from "commander";
import {
  type DeepPartial,
  type JobOptions,
  JobOptions_Priority,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { choiceOption, parsedOption, textOption } from "./option.ts";

/** How a job is run, whatever its task. */
export interface JobFlags {
  readonly model?: string;
  readonly detach?: boolean;
  readonly tenant?: string;
  readonly priority?: "interactive" | "batch";
  /** In seconds. */
  readonly deadline?: number;
  readonly fitToDeadline?: boolean;
  readonly strict?: boolean;
  readonly idempotencyKey?: string;
  readonly quiet?: boolean;
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

export const MODEL_OPTION: () => Option = textOption(
  "--model <name>",
  "model; left out: the server's default",
);

export const TENANT_OPTION: () => Option = textOption(
  "--tenant <name>",
  "whose share of the server it takes; an upload is for requests of its own",
);

export const JOB_OPTIONS: readonly (() => Option)[] = [
  () =>
    new Option("--detach", "prints the job's id and leaves; the job goes on: scorestream watch"),
  parsedOption(
    "--deadline <time>",
    "refused where it can't be done by then",
    "such as 30s, 500ms or 2m",
    seconds,
  ),
  () => new Option("--fit-to-deadline", "takes fewer or cheaper steps rather than be refused"),
  choiceOption("--priority <class>", "batch lets interactive jobs pass", ["interactive", "batch"]),
  () => new Option("--strict", "the same bits whatever else the server does"),
  TENANT_OPTION,
  textOption("--idempotency-key <key>", "the same key gives the same job"),
  () => new Option("-q, --quiet", "no progress and no summary on stderr"),
];

export function jobOptionsOf(flags: JobFlags): DeepPartial<JobOptions> {
  const {
    detach = false,
    fitToDeadline = false,
    strict = false,
    tenant = "",
    idempotencyKey = "",
    deadline,
  } = flags;
  return {
    detached: detach,
    fitToDeadline,
    strict,
    tenant,
    idempotencyKey,
    priority:
      flags.priority === "batch"
        ? JobOptions_Priority.PRIORITY_BATCH
        : JobOptions_Priority.PRIORITY_UNSPECIFIED,
    ...(deadline === undefined ? {} : { deadline: durationOf(deadline) }),
  };
}

function seconds(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(number) * (SECONDS[unit] ?? 1);
}

function durationOf(time: number): { seconds: bigint; nanos: number } {
  const whole = Math.floor(time);
  return { seconds: BigInt(whole), nanos: Math.round(1e9 * (time - whole)) };
}
