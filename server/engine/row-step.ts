import type { Evaluation } from "../../sde/index.ts";
import { evaluationScalars, inputScalars } from "../../sde/processes/parameterization.ts";
import type { RowEvaluation, RowStep } from "../../worker/protocol.ts";
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
  const update =
    row.previewing && step.estimate !== undefined ? [step.estimate, ...step.update] : step.update;
  return {
    offset,
    front: row.front,
    allocated: row.allocated,
    lasting: program.registers.length,
    seed: job.spec.seed,
    sample: row.spec.sample,
    prepare: step.prepare,
    update,
    ...(step.evaluate === undefined ? {} : { evaluate: rowEvaluation(row, step.evaluate) }),
  };
}

function rowEvaluation({ job }: Row, evaluation: Evaluation): RowEvaluation {
  const { model, conditioning } = job.spec;
  const { guidance, labels } = conditioning;
  const { input, output, time } = evaluation;
  return {
    input,
    output,
    ...evaluationScalars(model.process, model.parameterization, time),
    ...(labels === undefined ? {} : { labels }),
    ...(evaluation.graph === "jvp" && {
      tangent: { input: evaluation.tangent, output: evaluation.tangentOutput },
    }),
    ...(guidance !== undefined &&
      model.classifier !== undefined && {
        guidance: {
          ...guidance,
          ...inputScalars(model.process, model.classifier.conventions, time),
        },
      }),
  };
}
