import type { GraphNode } from "./node-attributes.ts";

/** Where the recipe 'add an operator's rule' is. */
const RECIPE = "CONTRIBUTING.md, 'Add an operator's rule'";

/** Why a graph can't be differentiated: at which node, and what its owner can do. */
export class DifferentiationError extends Error {
  override readonly name = "DifferentiationError";
  /** Name of the node; that of its first output where it has none. */
  readonly node: string;
  readonly operator: string;
  /** "ai.onnx" for the standard operators. */
  readonly domain: string;
  readonly opset: number;
  /** What the owner of the model can do: whole sentences. */
  readonly advice: string;

  constructor(node: GraphNode, opset: number, reason: string, advice: string) {
    const domain = node.domain === "" ? "ai.onnx" : node.domain;
    const name = node.name === "" ? (node.output[0] ?? "") : node.name;
    super(
      `can't differentiate ${node.opType} (node ${name}, domain ${domain}, opset ${opset}): ${reason}. ${advice}`,
    );
    this.node = name;
    this.operator = node.opType;
    this.domain = domain;
    this.opset = opset;
    this.advice = advice;
  }
}

/** The error for an operator that no rule is for. @param supported operators that have rules, to name those near it */
export function noRule(
  node: GraphNode,
  opset: number,
  supported: readonly string[],
): DifferentiationError {
  const near = nearest(node.opType, supported);
  const instead =
    near.length === 0 ? "" : ` with ${near.join(", ")} or another supported operator in its place,`;
  return new DifferentiationError(
    node,
    opset,
    "no rule for this operator",
    `Export the model in another form (${instead === "" ? "" : `${instead.trim()} `}` +
      "without an optimiser's fused operators, with local functions inlined), " +
      `or add a rule: ${RECIPE}.`,
  );
}

/** The error for a form of an operator that its rule is not for. */
export function unsupported(
  node: GraphNode,
  opset: number,
  reason: string,
  advice: string = "Export the model in another form",
): DifferentiationError {
  return new DifferentiationError(node, opset, reason, `${advice}, or extend the rule: ${RECIPE}.`);
}

/** Up to three names that a name may stand near: one within the other, or few edits away. */
function nearest(name: string, names: readonly string[]): readonly string[] {
  const lower = name.toLowerCase();
  return names
    .map((other) => ({ other, distance: distanceBetween(lower, other.toLowerCase()) }))
    .filter(({ distance }) => distance <= name.length / 3)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ other }) => other);
}

/** Edits from one name to another (Levenshtein), 1 where one contains the other. */
function distanceBetween(a: string, b: string): number {
  if (a.includes(b) || b.includes(a)) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
