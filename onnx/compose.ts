import { withoutDeadNodes } from "./dead-nodes.ts";
import { factOfValueInfo } from "./fact.ts";
import type { GraphProto, OperatorSetIdProto, ValueInfoProto } from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";
import { isStandardDomain } from "./node-attributes.ts";
import { renamed } from "./rename.ts";

/**
 * Two models as one: the second reads outputs of the first. Inputs of the same name are one input. Its outputs are
 * the first's, then the second's. Pure.
 *
 * @param wires output of the first by input of the second
 * @throws RangeError for a wire between values that don't exist, a name that both make (`prefixed` before), inputs of
 *   one name and two types, or different versions of an operator set.
 */
export function composed(
  first: OnnxModel,
  second: OnnxModel,
  wires: Readonly<Record<string, string>>,
): OnnxModel {
  checkWires(first.graph, second.graph, wires);
  const { graph: after } = renamed(second, (name) => wires[name] ?? name);
  const before = first.graph;
  checkNames(before, after, Object.values(wires));
  const wired = new Set(Object.values(wires));
  const graph: GraphProto = {
    ...before,
    name: `${before.name}_${after.name}`,
    node: [...before.node, ...after.node],
    initializer: [...before.initializer, ...after.initializer],
    input: sharedInputs(
      before.input,
      after.input.filter(({ name }) => !wired.has(name)),
    ),
    output: [...before.output, ...after.output.filter(({ name }) => !wired.has(name))],
    valueInfo: [...before.valueInfo, ...after.valueInfo],
  };
  return {
    ...first,
    irVersion: first.irVersion > second.irVersion ? first.irVersion : second.irVersion,
    opsetImport: unitedOpsets(first.opsetImport, second.opsetImport),
    metadataProps: [],
    graph,
  };
}

/** The model with some of its values as its outputs, in the given order. @throws RangeError for no output of it. */
export function withOutputs(model: OnnxModel, names: readonly string[]): OnnxModel {
  const output = names.map((name) => {
    const found = model.graph.output.find((entry) => entry.name === name);
    if (found === undefined) throw new RangeError(`the model has no output ${name}`);
    return found;
  });
  return withoutDeadNodes({ ...model, graph: { ...model.graph, output } });
}

function checkWires(
  first: GraphProto,
  second: GraphProto,
  wires: Readonly<Record<string, string>>,
): void {
  for (const [input, output] of Object.entries(wires)) {
    if (!second.input.some(({ name }) => name === input)) {
      throw new RangeError(`the second model has no input ${input}`);
    }
    if (!first.output.some(({ name }) => name === output)) {
      throw new RangeError(`the first model has no output ${output}`);
    }
  }
}

function checkNames(before: GraphProto, after: GraphProto, wired: readonly string[]): void {
  const taken = new Set([
    ...before.initializer.map(({ name }) => name),
    ...before.node.flatMap(({ output }) => output),
  ]);
  const inputs = new Set(before.input.map(({ name }) => name));
  const made = [
    ...after.initializer.map(({ name }) => name),
    ...after.node.flatMap(({ output }) => output),
  ].filter((name) => name !== "");
  const both =
    made.find((name) => taken.has(name) || inputs.has(name)) ??
    after.input.map(({ name }) => name).find((name) => taken.has(name) && !wired.includes(name));
  if (both !== undefined) throw new RangeError(`both models have a value ${both}: prefix one's`);
}

function sharedInputs(
  first: readonly ValueInfoProto[],
  second: readonly ValueInfoProto[],
): ValueInfoProto[] {
  const added = second.filter((input) => {
    const same = first.find(({ name }) => name === input.name);
    if (same === undefined) return true;
    const [a, b] = [factOfValueInfo(same), factOfValueInfo(input)];
    if (a.type !== b.type || a.shape?.length !== b.shape?.length) {
      throw new RangeError(`the models' inputs ${input.name} are of different types or ranks`);
    }
    return false;
  });
  return [...first, ...added];
}

function unitedOpsets(
  first: readonly OperatorSetIdProto[],
  second: readonly OperatorSetIdProto[],
): OperatorSetIdProto[] {
  const sameDomain = (a: string, b: string): boolean =>
    a === b || (isStandardDomain(a) && isStandardDomain(b));
  const added = second.filter(({ domain, version }) => {
    const same = first.find((opset) => sameDomain(opset.domain, domain));
    if (same !== undefined && same.version !== version) {
      throw new RangeError(
        `the models are of opsets ${same.version} and ${version}: export both with the same`,
      );
    }
    return same === undefined;
  });
  return [...first, ...added];
}
