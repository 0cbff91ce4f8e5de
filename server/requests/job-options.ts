import type { JobOptions } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { invalidArgument, ServerError } from "../errors.ts";

/** What a job's options come to. */
export interface CheckedOptions {
  readonly detached: boolean;
  /** Whose uploads the request may use. */
  readonly tenant: string;
  /** The same bits whatever shares the server. */
  readonly strict: boolean;
}

/** Longer keys are no names. */
const MAX_KEY = 256;

/**
 * Options that would change what the caller gets are refused as long as they are not kept.
 *
 * @throws ServerError "invalid-argument", "capability-missing"
 */
export function checkOptions(options: JobOptions | undefined): CheckedOptions {
  if (options === undefined) return { detached: false, tenant: "", strict: false };
  if (options.priority < 0 || options.priority > 2) {
    const expected = "PRIORITY_INTERACTIVE or PRIORITY_BATCH";
    throw invalidArgument("options.priority", options.priority, expected);
  }
  const asked: readonly (readonly [field: string, seen: boolean])[] = [
    ["options.deadline", options.deadline !== undefined],
    ["options.fit_to_deadline", options.fitToDeadline],
    ["options.priority", options.priority === 2],
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
  return { detached, tenant, strict };
}
