import { readFileSync } from "node:fs";
import test from "ava";
import {
  guided,
  type OnnxModel,
  REWRITES,
  readModel,
  rewritten,
  writeModel,
} from "../onnx/index.ts";
import type { scaledSum } from "../onnx/rewrites/scaled-sum.ts";
import { rewritingError, rewrittenAndCompared } from "./rewrite.ts";
import { REWRITING_CASES } from "./rewriting-cases.ts";

/** Sums of up to 50 products, rounded in another order: some 1e-7. */
const ROUNDING = 1e-5;

function digits(name: string): OnnxModel {
  return readModel(
    readFileSync(new URL(`../../models/color-digits/${name}.onnx`, import.meta.url)),
  );
}

for (const [name, { rewrite, matches, misses }] of Object.entries(REWRITING_CASES)) {
  for (const [form, model] of Object.entries(matches)) {
    test(`${name}, ${form}: the same outputs`, async (t) => {
      const result = rewritten(model, [rewrite]);
      if (result === undefined) return t.fail("not rewritten");
      t.true((await rewritingError(writeModel(model), writeModel(result))) < ROUNDING);
      t.deepEqual(result.graph.input, model.graph.input);
      t.deepEqual(result.graph.output, model.graph.output);
    });
  }
  for (const [form, model] of Object.entries(misses)) {
    test(`${name}, ${form}: left alone`, async (t) => {
      // That the graph is a right one.
      t.is(await rewritingError(writeModel(model), writeModel(model)), 0);
      t.is(rewritten(model, [rewrite]), undefined);
    });
  }
}

/** How many nodes of each of some operators a graph has. */
function counted({ graph }: OnnxModel, operators: readonly string[]): number[] {
  return operators.map((operator) => graph.node.filter(({ opType }) => opType === operator).length);
}

test("a U-Net as PyTorch exports it: all that can be found in it", async (t) => {
  const model = digits("score");
  const result = rewritten(model, REWRITES.guided);
  if (result === undefined) return t.fail("not rewritten");
  const operators = ["Gemm", "Resize", "Conv", "BatchNormalization", "Add"];
  t.deepEqual(counted(model, operators), [13, 2, 37, 0, 47]);
  // 11 layers in one; 2 convolutions more for 2 enlarged ones, 5 scaled residuals; the 24 sums behind normalisations are gone.
  t.deepEqual(counted(result, operators), [3, 2, 44, 13, 23]);
  t.true((await rewritingError(writeModel(model), writeModel(result))) < ROUNDING);
});

test("a classifier, and guidance by it", async (t) => {
  const [score, classifier] = [digits("score"), digits("classifier")];
  const path = { input: "x", output: "logits", kind: "logits" } as const;
  for (const model of [
    classifier,
    guided(score, classifier, { scoreOutput: "F", classifier: path }),
  ]) {
    const compared = await rewrittenAndCompared(model, REWRITES.guided);
    t.true((compared?.error ?? Number.NaN) < ROUNDING);
  }
});

test("a network that is not the same any more is refused", async (t) => {
  const model = digits("classifier");
  const wrong = (node: Parameters<typeof scaledSum>[0], graph: Parameters<typeof scaledSum>[1]) => {
    if (node.opType !== "Concat") return [];
    graph.define(node.output, "Concat", node.input.toReversed(), { axis: { type: 2, i: 1n } });
    return [node];
  };
  await t.throwsAsync(rewrittenAndCompared(model, [wrong]), {
    message: /differs from the original by .*at most 0\.0001 is rounding/,
  });
});

test("opsets before 13 are left alone", (t) => {
  const model = digits("classifier");
  const opsetImport = [{ domain: "", version: 12n }];
  t.is(rewritten({ ...model, opsetImport }, REWRITES.guided), undefined);
});
