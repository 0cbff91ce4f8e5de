import type { OperatorCase } from "./derivative-cases/operator-case.ts";
import { count } from "./derivative-cases/operator-case.ts";
import type { CaseModel, Drawn, Loaded } from "./derivative-testing.ts";

/** J v by central differences, for each output. */
export async function differences(
  { precision }: OperatorCase,
  { instance }: Drawn,
  model: CaseModel,
  original: Loaded,
  v: readonly number[],
): Promise<Readonly<Record<string, readonly number[]>>> {
  const step = precision === "quadratic" ? 1 : 1e-5;
  const at = async (sign: 1 | -1): Promise<Readonly<Record<string, readonly number[]>>> => {
    const x = model.x.map((value, i) => value + sign * step * (v[i] ?? 0));
    if (typeof precision === "function") return { y0: precision(instance, inputsAt(instance, x)) };
    const outputs = await original.run({ x: { values: x, shape: model.xShape } });
    return Object.fromEntries(Object.entries(outputs).map(([name, { values }]) => [name, values]));
  };
  const [above, below] = [await at(1), await at(-1)];
  return Object.fromEntries(
    model.outputs.map((output) => {
      const low = below[output] ?? [];
      return [output, (above[output] ?? []).map((high, i) => (high - (low[i] ?? 0)) / (2 * step))];
    }),
  );
}

/** The values of all inputs where the active ones are parts of x. */
function inputsAt(
  instance: Drawn["instance"],
  x: readonly number[],
): readonly (readonly number[])[] {
  let offset = 0;
  return instance.inputs.map((input) => {
    if (input === undefined) return [];
    // A constant of the graph is float32 there.
    if (!input.active) return input.values.map(Math.fround);
    const part = x.slice(offset, offset + count(input.shape));
    offset += part.length;
    return part;
  });
}
