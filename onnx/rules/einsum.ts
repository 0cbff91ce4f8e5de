import { string } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { type EinsumEquation, parseEinsum } from "../einsum.ts";
import { sumTo } from "../emit/broadcast.ts";
import { expandedLike, unsqueezed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, stringOf } from "../node-attributes.ts";
import { inputOf } from "./pointwise.ts";
import type { ReverseRule } from "./rule.ts";

/**
 * The cotangent of a factor is the sum of products of that of the output with the other factors. A label that the
 * factor alone has was summed over: its axis repeats.
 */
export const einsum: ReverseRule = (node, [cotangent], wanted, graph) => {
  if (cotangent === undefined) return [];
  const equation = withLetters(equationOf(node, graph));
  return node.input.map((input, i) => {
    if (!wanted[i]) return undefined;
    const own = equation.inputs[i] ?? [];
    if (new Set(own).size < own.length) {
      throw unsupported(node, graph.opset, `a label stands twice in its term ${own.join("")}`);
    }
    const others = node.input.map((_, j) => j).filter((j) => j !== i);
    const terms = [equation.output, ...others.map((j) => equation.inputs[j] ?? [])];
    const factors = [cotangent, ...others.map((j) => inputOf(node, j))];
    const isShared = (label: string): boolean => terms.some((term) => term.includes(label));
    const shared = contracted(factors, terms, own.filter(isShared), graph);
    const missing = own.flatMap((label, axis) => (isShared(label) ? [] : [axis]));
    const whole = unsqueezed(graph, shared, missing);
    return missing.length === 0 ? sumTo(graph, whole, input) : expandedLike(graph, whole, input);
  });
};

function contracted(
  factors: readonly string[],
  terms: readonly (readonly string[])[],
  output: readonly string[],
  graph: Emitter,
): string {
  const [only = "", ...more] = factors;
  if (more.length === 0 && terms[0]?.join("") === output.join("")) return only;
  const equation = `${terms.map((term) => term.join("")).join(",")}->${output.join("")}`;
  return graph.node("Einsum", factors, { equation: string(equation) });
}

function equationOf(node: GraphNode, graph: Emitter): EinsumEquation {
  const ranks = node.input.map((input) => graph.fact(input).shape?.length);
  const known = ranks.filter((rank) => rank !== undefined);
  const text = stringOf(node, "equation", "");
  const equation = known.length === ranks.length ? parseEinsum(text, known) : undefined;
  if (equation !== undefined) return equation;
  throw unsupported(
    node,
    graph.opset,
    `its equation ${text} can't be read without the ranks of its factors`,
  );
}

/** With letters that the equation doesn't have for the axes of an ellipsis. */
function withLetters({ inputs, output }: EinsumEquation): EinsumEquation {
  const taken = new Set([...inputs.flat(), ...output]);
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].filter(
    (l) => !taken.has(l),
  );
  const letters = new Map([...taken].filter((l) => /\d/.test(l)).map((l, i) => [l, free[i] ?? l]));
  const named = (term: readonly string[]): string[] => term.map((l) => letters.get(l) ?? l);
  return { inputs: inputs.map(named), output: named(output) };
}
