import test from "ava";
import fc from "fast-check";
import { DifferentiationError } from "../onnx/differentiation-error.ts";
import { NodeProto } from "../onnx/gen/onnx.ts";
import { DIFFERENTIABLE_OPERATORS, ruleFor } from "../onnx/rules/table.ts";
import { ALL_CASES } from "./derivative-cases/all.ts";
import type { OperatorCase } from "./derivative-cases/operator-case.ts";
import { dropped, scaledBy, withDefect } from "./derivative-defects.ts";
import { drawn } from "./derivative-forward.ts";
import { reverseError } from "./derivative-reverse.ts";
import type { Drawn } from "./derivative-testing.ts";

/** Random nodes of each case. */
const RUNS = 30;

/** Operators with a forward rule alone, each with the reason why it can have no other. */
const FORWARD_ONLY: Readonly<Record<string, string>> = {};

for (const operatorCase of ALL_CASES) {
  const { operator, form } = operatorCase;
  const name = `${operator}${form === undefined ? "" : ` (${form})`}`;
  if (operator in FORWARD_ONLY) continue;

  test(`reverse: ${name}`, async (t) => {
    const property = fc.asyncProperty(drawnIn(operatorCase), fc.integer(), async (draw, seed) => {
      const error = await reverseError(operatorCase, draw, seed);
      if (error > 1) throw new RangeError(`${error} times the tolerated error`);
    });
    await fc.assert(property, { numRuns: RUNS, seed: 1, includeErrorInReport: true });
    t.pass();
  });

  test(`reverse: ${name} refused where 1.001 times too large`, async (t) => {
    t.true(await isRefused(operatorCase, samples(operatorCase), scaledBy(1.001)));
  });

  for (const input of [0, 1, 2]) {
    const several = samples(operatorCase).filter((draw) => isOneOfSeveral(draw, input));
    if (several.length === 0) continue;
    test(`reverse: ${name} refused without the cotangent of input ${input}`, async (t) => {
      t.true(await isRefused(operatorCase, several, dropped(input)));
    });
  }
}

test("every rule has a reverse", (t) => {
  const without = DIFFERENTIABLE_OPERATORS.filter(
    (opType) => ruleFor(NodeProto.create({ opType }), 21).reverse === undefined,
  );
  t.deepEqual(without, Object.keys(FORWARD_ONLY).sort());
});

test("in an opset that can't add, taking elements by lists of places is refused", async (t) => {
  for (const operatorCase of ALL_CASES.filter(({ reverseSince }) => reverseSince !== undefined)) {
    const [draw] = fc.sample(drawn({ ...operatorCase, opsets: [15] }), { numRuns: 1, seed: 1 });
    await t.throwsAsync(async () => draw && reverseError(operatorCase, draw, 1), {
      instanceOf: DifferentiationError,
      message: /opset 15.*Export the model in opset 16 or later/,
    });
  }
});

/** A random node in an opset that has what reverse mode needs. */
function drawnIn(operatorCase: OperatorCase): fc.Arbitrary<Drawn> {
  return drawn(operatorCase, operatorCase.reverseSince);
}

/** The same nodes in every run. */
function samples(operatorCase: OperatorCase): readonly Drawn[] {
  return fc.sample(drawnIn(operatorCase), { numRuns: 60, seed: 1 });
}

/** Whether a part of x goes into an input, and others into other inputs. */
function isOneOfSeveral({ instance: { inputs } }: Drawn, input: number): boolean {
  return inputs[input]?.active === true && inputs.filter((entry) => entry?.active).length > 1;
}

/** Whether some node shows that the rule of its operator is wrong. */
async function isRefused(
  operatorCase: OperatorCase,
  draws: readonly Drawn[],
  defect: ReturnType<typeof scaledBy>,
): Promise<boolean> {
  const ruleOf = withDefect(operatorCase.operator, defect);
  for (const [seed, draw] of draws.entries()) {
    if ((await reverseError(operatorCase, draw, seed, ruleOf)) > 1) return true;
  }
  return false;
}
