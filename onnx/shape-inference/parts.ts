import type { Fact } from "../fact.ts";
import { intOf } from "../node-attributes.ts";
import type { Dimension } from "../value-info.ts";
import { frontAxis, plus, sliceIndices, times } from "./dimension.ts";
import { movedElements } from "./moved-elements.ts";
import {
  constantInput,
  type InferenceContext,
  type InferenceRule,
  type InferenceRules,
  inputFact,
} from "./rule.ts";

const concat: InferenceRule = (context) => {
  const facts = context.inputs.map((_, i) => inputFact(context, i));
  const [first] = facts;
  const type = facts.find((fact) => fact.type)?.type;
  const shape = facts.find((fact) => fact.shape)?.shape;
  if (first === undefined || shape === undefined) return [{ type, shape: undefined }];
  const axis = frontAxis(intOf(context.node, "axis", 0), shape.length);
  const dims = shape.map((_, i) =>
    i === axis
      ? facts.map((fact) => fact.shape?.[i]).reduce(plus, 0)
      : (facts.find((fact) => typeof fact.shape?.[i] === "number")?.shape?.[i] ??
        facts.find((fact) => fact.shape?.[i] !== undefined)?.shape?.[i]),
  );
  const lists = shape.length === 1 ? facts.map(listElements) : [undefined];
  const known = lists.filter((list) => list !== undefined);
  return [
    { type, shape: dims, elements: known.length === lists.length ? known.flat() : undefined },
  ];
};

/** The elements of a list; as many unknown ones where only their number is known. */
function listElements({ shape, elements }: Fact): readonly Dimension[] | undefined {
  const [length] = shape ?? [];
  if (elements !== undefined) return elements;
  return typeof length === "number" && length < 64
    ? Array<Dimension>(length).fill(undefined)
    : undefined;
}

const slice: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const { type, shape } = fact;
  if (shape === undefined) return [{ type, shape }];
  const [starts, ends] = [constantInput(context, 1), constantInput(context, 2)];
  const given = sliceAxes(context, shape.length, starts?.length);
  if (given === undefined) return [{ type, shape: shape.map(() => undefined) }];
  const steps = context.inputs[4] === undefined ? undefined : constantInput(context, 4);
  const unknownSteps = context.inputs[4] !== undefined && steps === undefined;
  const indices = given.map((axis, i) => {
    const [dim, start, end] = [shape[axis], starts?.[i], ends?.[i]];
    const step = steps?.[i] ?? 1;
    if (start === undefined || end === undefined || unknownSteps) return undefined;
    return slicedAxis(dim, start, end, step);
  });
  const dims = shape.map((dim, axis) => {
    const at = given.indexOf(axis);
    if (at < 0) return dim;
    const kept = indices[at];
    return Array.isArray(kept) ? kept.length : kept === "all" ? dim : undefined;
  });
  const moved = movedElements(fact, dims, (index) =>
    index.map((place, axis) => {
      const kept = indices[given.indexOf(axis)];
      return Array.isArray(kept) ? (kept[place] ?? 0) : place;
    }),
  );
  return [{ type, shape: dims, elements: moved }];
};

/** Which indices of an axis are kept; "all" also where its length is a name. */
function slicedAxis(
  dim: Dimension,
  start: number,
  end: number,
  step: number,
): readonly number[] | "all" | undefined {
  if (typeof dim === "number") return sliceIndices(dim, start, end, step);
  return start === 0 && step === 1 && end >= 2 ** 31 - 1 ? "all" : undefined;
}

function sliceAxes(
  context: InferenceContext,
  rank: number,
  count: number | undefined,
): readonly number[] | undefined {
  if (context.inputs[3] !== undefined) {
    return constantInput(context, 3)?.map((axis) => frontAxis(axis, rank));
  }
  return count === undefined ? undefined : Array.from({ length: count }, (_, i) => i);
}

const split: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const { node } = context;
  const count = node.output.length;
  if (shape === undefined) return node.output.map(() => ({ type, shape }));
  const axis = frontAxis(intOf(node, "axis", 0), shape.length);
  const lengths = context.inputs[1] === undefined ? undefined : constantInput(context, 1);
  const whole = shape[axis];
  // Without lengths the parts are equal, but for the last where the axis doesn't divide (opset 18).
  const part = typeof whole === "number" ? Math.ceil(whole / count) : undefined;
  const equal = (i: number): Dimension =>
    typeof whole === "number" && part !== undefined ? Math.min(part, whole - part * i) : undefined;
  return node.output.map((_, i) => ({
    type,
    shape: shape.map((dim, at) =>
      at !== axis ? dim : context.inputs[1] === undefined ? equal(i) : lengths?.[i],
    ),
  }));
};

const tile: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const repeats = inputFact(context, 1).elements;
  return [{ type, shape: shape?.map((dim, i) => (repeats ? times(dim, repeats[i]) : undefined)) }];
};

const pad: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const pads = constantInput(context, 1);
  if (shape === undefined || pads === undefined)
    return [{ type, shape: shape?.map(() => undefined) }];
  const axes = context.inputs[3] === undefined ? shape.map((_, i) => i) : constantInput(context, 3);
  const dims = shape.map((dim, axis) => {
    if (axes === undefined) return undefined;
    const at = axes.findIndex((given) => frontAxis(given, shape.length) === axis);
    const added = at < 0 ? 0 : (pads[at] ?? 0) + (pads[at + axes.length] ?? 0);
    return plus(dim, added);
  });
  return [{ type, shape: dims }];
};

export const parts: InferenceRules = {
  Concat: concat,
  Slice: slice,
  Split: split,
  Tile: tile,
  Pad: pad,
};
