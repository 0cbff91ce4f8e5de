import type { Condition } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { SamplingFields } from "../form/sampling-fields.ts";
import type { GivenPicture, JobRequest } from "./task.ts";

/**
 * The request of a task that draws samples.
 *
 * @param condition undefined: free samples
 * @throws FieldError
 */
export function sampleRequest(
  sampling: SamplingFields,
  title: string,
  condition: Condition | undefined,
  given: readonly GivenPicture[] = [],
): JobRequest {
  const fields = sampling.request();
  return {
    call: { $case: "sample", value: condition === undefined ? fields : { ...fields, condition } },
    title,
    details: `${fields.model ?? ""} · ${sampling.summary}`,
    given,
  };
}
