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
}

const NO_OPTIONS: CheckedOptions = {
  detached: false,
  tenant: "",
  strict: false,
  priority: "interactive",
};

/** Longer keys are no names. */
const MAX_KEY = 256;

/** What a timer can wait for. */
const MAX_DEADLINE_MS = 24 * 86_400_000;

/**
 * Options that would change what the caller gets are refused as long as they are not kept.
 *
 * @throws ServerError "invalid-argument", "capability-missing"
 */
export function checkOptions(options: JobOptions | undefined): CheckedOptions {
  if (options === undefined) return NO_OPTIONS;
  if (options.priority < 0 || options.priority > 2) {
    const expected = "PRIORITY_INTERACTIVE or PRIORITY_BATCH";
    throw invalidArgument("options.priority", options.priority, expected);
  }
  const asked: readonly (readonly [field: string, seen: boolean])[] = [
    ["options.fit_to_deadline", options.fitToDeadline],
  ];
  for (const [field, seen] of asked) {
    if (!seen) continue;
    const message = `${field}: this version does not keep it; leave it out`;
    throw new ServerError("capability-missing", message);
  }
  const { idempotencyKey, detached, tenant, strict } = options;
  if (idempotencyKey.length > MAX_KEY) {
    const expected = `at most ${MAX_KEY} characters`;
    throw invalidArgument(
      "options.idempotency_key",
      `${idempotencyKey.length} characters`,
      expected,
    );
  }
  const deadline = checkDeadline(options.deadline);
  return {
    detached,
    tenant: checkTenant("options.tenant", tenant),
    strict,
    priority: options.priority === 2 ? "batch" : "interactive",
    ...(deadline === undefined ? {} : { deadlineMs: performance.now() + deadline }),
  };
}

/** How long a job may take, in ms. */
function checkDeadline(seen: Duration | undefined): number | undefined {
  if (seen === undefined) return undefined;
  const ms = 1000 * Number(seen.seconds) + seen.nanos / 1e6;
  if (ms > 0 && ms <= MAX_DEADLINE_MS) return ms;
  throw invalidArgument("options.deadline", `${ms / 1000} s`, "more than 0 s and at most 24 days");
}
