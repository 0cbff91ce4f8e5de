import type { Duration } from "../../proto/gen/google/protobuf/duration.ts";
import { JobOptions, JobOptions_Priority } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Priority } from "../engine/device-schedule.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import { checkTenant } from "../tenants/check-tenant.ts";
import type { RequestContext } from "./context.ts";
import { checkPartBytes } from "./parts.ts";

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

/** Longer keys are no names. */
const MAX_KEY = 256;

/** What a timer can wait for. */
const MAX_DEADLINE_MS = 24 * 86_400_000;

/** @throws ServerError "invalid-argument" */
export function checkOptions(
  options: JobOptions = JobOptions.create(),
  { tenants }: Pick<RequestContext, "tenants">,
): CheckedOptions {
  const { idempotencyKey, detached, strict, fitToDeadline } = options;
  const tenant = checkTenant("options.tenant", options.tenant);
  if (idempotencyKey.length > MAX_KEY) {
    const expected = `at most ${MAX_KEY} characters`;
    throw invalidArgument(
      "options.idempotency_key",
      `${idempotencyKey.length} characters`,
      expected,
    );
  }
  checkPartBytes("options.part_bytes", options.partBytes);
  const deadline = checkDeadline(options.deadline);
  if (fitToDeadline && deadline === undefined) {
    const expected = "false, or options.deadline beside it";
    throw invalidArgument("options.fit_to_deadline", true, expected);
  }
  return {
    detached,
    tenant,
    strict,
    fitToDeadline,
    priority: checkPriority(options.priority, tenants.of(tenant).highestPriority),
    ...(deadline === undefined ? {} : { deadlineMs: performance.now() + deadline }),
  };
}

/** The class of a job. @param highest that its tenant may have, and what it has where it names none */
function checkPriority(seen: JobOptions_Priority, highest: Priority): Priority {
  switch (seen) {
    case JobOptions_Priority.PRIORITY_UNSPECIFIED:
      return highest;
    case JobOptions_Priority.PRIORITY_BATCH:
      return "batch";
    case JobOptions_Priority.PRIORITY_INTERACTIVE: {
      if (highest === "interactive") return "interactive";
      const expected = "PRIORITY_BATCH, the highest that this tenant may have";
      throw invalidArgument("options.priority", "PRIORITY_INTERACTIVE", expected);
    }
    default:
      throw invalidArgument("options.priority", seen, "PRIORITY_INTERACTIVE or PRIORITY_BATCH");
  }
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
