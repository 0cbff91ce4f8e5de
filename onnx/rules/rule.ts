import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";

/** Name of a value of the derived graph; undefined: zero, whatever the input. */
export type MaybeValue = string | undefined;

/**
 * Tangents of a node's outputs from those of its inputs: J applied to them.
 *
 * The node is already in `graph`, so its inputs and outputs can be read by name. Every tangent has the type and the
 * shape of its value. At least one is given; those of inputs left out and of integers never are.
 *
 * @param tangents one an input
 * @param graph where new nodes go
 * @returns one an output; undefined where it is zero
 * @throws DifferentiationError (`unsupported`) for a form of the operator that the rule is not for
 */
export type ForwardRule = (
  node: GraphNode,
  tangents: readonly MaybeValue[],
  graph: Emitter,
) => readonly MaybeValue[];

/**
 * Cotangents of a node's inputs from those of its outputs: J transposed applied to them.
 *
 * All of the source's nodes are already in `graph`. Every cotangent has the type and the shape of its value, so a
 * rule for an operator that broadcasts sums over what was broadcast (`sumTo`). The caller adds up the
 * cotangents of a value that several nodes read.
 *
 * @param cotangents one an output; at least one is given
 * @param wanted one an input: whether its cotangent is asked for (it depends on x and is no integer)
 * @returns one an input; what is not wanted may be undefined
 * @throws DifferentiationError as a forward rule does
 */
export type ReverseRule = (
  node: GraphNode,
  cotangents: readonly MaybeValue[],
  wanted: readonly boolean[],
  graph: Emitter,
) => readonly MaybeValue[];

export interface OperatorRule {
  /**
   * A way to the node's outputs that shares work with its derivative, to be taken in place of the node itself wherever
   * that is made. Equal to rounding.
   */
  readonly primal?: (node: GraphNode, graph: Emitter) => void;
  readonly forward: ForwardRule;
  readonly reverse?: ReverseRule;
}

/** The rules of a family of standard operators, by operator. */
export type OperatorRules = Readonly<Record<string, OperatorRule>>;
