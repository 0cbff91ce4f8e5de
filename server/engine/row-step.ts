import { evaluationScalars } from "../../sde/processes/parameterization.ts";
import type { RowStep } from "../../worker/protocol.ts";
import type { Row } from "./row.ts";

/**
 * A row's next step as a worker takes it: the network's conventions turned into numbers, and the preview's
 * instruction put in front of the update where a preview is due.
 *
 * @throws RangeError where the row has no step or no registers
 */
export function rowStep(row: Row): RowStep {
  const { step, offset, job, program } = row;
  if (step === undefined || offset === undefined) throw new RangeError("the row is not running");
  const { process, parameterization } = job.spec.model;
  const update =
    row.previewing && step.estimate !== undefined ? [step.estimate, ...step.update] : step.update;
  return {
    offset,
    front: row.front,
    allocated: row.allocated,
    lasting: program.registers.length,
    seed: job.spec.seed,
    sample: row.index,
    prepare: step.prepare,
    update,
    ...(step.evaluate === undefined
      ? {}
      : {
          evaluate: {
            input: step.evaluate.input,
            output: step.evaluate.output,
            ...evaluationScalars(process, parameterization, step.evaluate.time),
          },
        }),
  };
}
