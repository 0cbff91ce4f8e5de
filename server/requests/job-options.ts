import type { Duration } from "../../proto/gen/google/protobuf/duration.ts";
import type { JobOptions } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Priority } from "../engine/device-schedule.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import { checkTenant } from "../uploads/tenant.ts";

/** What a job's options come to. */
export interface CheckedOptions {
  readonly detached: boolean;
  /** Whose uploads the request may use. */
  readonly tenant: string;
  /** The same bits whatever shares the server. */
  readonly strict: boolean;
  readonly priority: Priority;
  /** On the clock of performance.now(). */
  readonly deadlineMs?: number;
  /** Takes what can be done by the deadline rather than nothing. */
  readonly fitToDeadline: boolean;
}

const NO_OPTIONS: CheckedOptions = {
  detached: false,
  tenant: "",
  strict: false,
  priority: "interactive",
  fitToDeadline: false,
};

/** Longer keys are no names. */
const MAX_KEY = 256;

/** What a timer can wait for. */
const MAX_DEADLINE_MS = 24 * 86_400_000;

/** @throws ServerError "invalid-argument" */
export function checkOptions(options: JobOptions | undefined): CheckedOptions {
  if (options === undefined) return NO_OPTIONS;
  if (options.priority < 0 || options.priority > 2) {
    const expected = "PRIORITY_INTERACTIVE or PRIORITY_BATCH";
    throw invalidArgument("options.priority", options.priority, expected);
  }
  const { idempotencyKey, detached, tenant, strict, fitToDeadline } = options;
  if (idempotencyKey.length > MAX_KEY) {
    const expected = `at most ${MAX_KEY} characters`;
    throw invalidArgument(
      "options.idempotency_key",
      `${idempotencyKey.length} characters`,
      expected,
    );
  }
  const deadline = checkDeadline(options.deadline);
  if (fitToDeadline && deadline === undefined) {
    const expected = "false, or options.deadline beside it";
    throw invalidArgument("options.fit_to_deadline", true, expected);
  }
  return {
    detached,
    tenant: checkTenant("options.tenant", tenant),
    strict,
    fitToDeadline,
    priority: options.priority === 2 ? "batch" : "interactive",
    ...(deadline === undefined ? {} : { deadlineMs: performance.now() + deadline }),
  };
}

/**
 * For tasks whose quality no ladder of samplers speaks of.
 *
 * @throws ServerError "capability-missing" where the request is to be fitted to its deadline
 */
export function refuseFitting({ fitToDeadline }: CheckedOptions): void {
  if (!fitToDeadline) return;
  const message = "options.fit_to_deadline: only Sample can be fitted to a deadline; leave it out";
  throw new ServerError("capability-missing", message);
}

/** How long a job may take, in ms. */
function checkDeadline(seen: Duration | undefined): number | undefined {
  if (seen === undefined) return undefined;
  const ms = 1000 * Number(seen.seconds) + seen.nanos / 1e6;
  if (ms > 0 && ms <= MAX_DEADLINE_MS) return ms;
  throw invalidArgument("options.deadline", `${ms / 1000} s`, "more than 0 s and at most 24 days");
}
