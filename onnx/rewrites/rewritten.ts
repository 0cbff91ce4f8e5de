import { Emitter } from "../emitter.ts";
import { Graph } from "../graph.ts";
import type { OnnxModel } from "../model-file.ts";
import { type GraphNode, isStandardDomain } from "../node-attributes.ts";
import { enlargedConvolution } from "./enlarged-convolution.ts";
import { normalizationAffine } from "./normalization-affine.ts";
import { parallelGemms } from "./parallel-gemms.ts";
import type { Rewrite } from "./rewrite.ts";
import { scaledSum } from "./scaled-sum.ts";

/** To raise with every change that changes a rewritten graph: files rewritten before are then rewritten again. */
export const REWRITER_VERSION = 2;

/** What the rules know of Split and Unsqueeze has been so since this version of the standard operators. */
const FIRST_OPSET = 13;

/**
 * The rules of each graph that a server evaluates. Those of `jvp` are for the network that it is derived from: a
 * normalisation's scale has to stay, which a composite looks for. What would make only the network faster, and (f, J v)
 * hardly, is left to `guided`: one evaluation of (f, J v) may take 2.3 of f.
 */
export const REWRITES: Readonly<Record<"score" | "jvp" | "guided", readonly Rewrite[]>> = {
  score: [enlargedConvolution],
  jvp: [scaledSum, enlargedConvolution, parallelGemms],
  guided: [scaledSum, enlargedConvolution, parallelGemms, normalizationAffine],
};

/**
 * The model in a form that ONNX Runtime computes faster on a CPU: the same function but for rounding, of the same inputs
 * and outputs. What no rule knows stays as it is. Pure.
 *
 * @param rewrites to each node the first of them that matches is applied
 * @returns undefined where nothing was found to rewrite
 * @throws RangeError for a model that is no graph, or whose weights lie outside it
 * @see docs/decisions/0028-networks-rewritten-for-the-cpu.md
 */
export function rewritten(model: OnnxModel, rewrites: readonly Rewrite[]): OnnxModel | undefined {
  const source = new Graph(model);
  if (source.opset < FIRST_OPSET) return undefined;
  const graph = new Emitter(source);
  const made = new Set<GraphNode>();
  for (const node of source.nodes) {
    if (made.has(node)) continue;
    const found = isStandardDomain(node.domain) ? applied(rewrites, node, graph) : [];
    if (found.length === 0) graph.copy(node);
    for (const one of found) made.add(one);
  }
  if (made.size === 0) return undefined;
  const result = graph.finish(source.outputs, []);
  const rewriting = {
    key: "scorestream.rewriting",
    value: `for CPUs, rewriter ${REWRITER_VERSION}`,
  };
  return { ...result, metadataProps: [...result.metadataProps, rewriting] };
}

function applied(
  rewrites: readonly Rewrite[],
  node: GraphNode,
  graph: Emitter,
): readonly GraphNode[] {
  for (const rewrite of rewrites) {
    const made = rewrite(node, graph);
    if (made.length > 0) return made;
  }
  return [];
}
