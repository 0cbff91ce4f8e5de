import test from "ava";
import fc from "fast-check";
import { CONSTANT_OPERATORS } from "../onnx/rules/constant.ts";
import { DIFFERENTIABLE_OPERATORS } from "../onnx/rules/table.ts";
import { ALL_CASES } from "./derivative-cases/all.ts";
import { drawn, forwardError } from "./derivative-forward.ts";

/** Random nodes of each case. */
const RUNS = 40;

for (const operatorCase of ALL_CASES) {
  const { operator, form } = operatorCase;
  test(`forward: ${operator}${form === undefined ? "" : ` (${form})`}`, async (t) => {
    const property = fc.asyncProperty(drawn(operatorCase), fc.integer(), async (draw, seed) => {
      const error = await forwardError(operatorCase, draw, seed);
      if (error > 1) throw new RangeError(`${error} times the tolerated error`);
    });
    await fc.assert(property, { numRuns: RUNS, seed: 1, includeErrorInReport: true });
    t.pass();
  });
}

test("every rule has a case, but for the operators whose derivative is 0", (t) => {
  const tested = [...ALL_CASES.map(({ operator }) => operator), ...CONSTANT_OPERATORS];
  t.deepEqual(DIFFERENTIABLE_OPERATORS, [...new Set(tested)].sort());
});
