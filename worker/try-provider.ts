import { Tensor } from "onnxruntime-node";
import { GraphBuilder, writeModel } from "../onnx/index.ts";
import type { TryAnswer } from "./protocol.ts";
import { openSession } from "./sessions.ts";

/** Elements of what is multiplied. */
const SIZE = 4;

/**
 * Evaluates x * x on this worker's provider. A session alone says little: a driver may be found and be unable to run anything.
 *
 * @throws what onnxruntime throws where the provider does not work; RangeError where it computes something else
 */
export async function tryProvider(): Promise<TryAnswer> {
  const graph = new GraphBuilder("try");
  const x = graph.input("x", "float32", [SIZE]);
  graph.output(graph.node("Mul", [x, x], {}, { name: "y" }), "float32", [SIZE]);
  const session = await openSession(writeModel(graph.build({ opset: 17 })), 1);
  try {
    const numbers = Float32Array.from({ length: SIZE }, (_, i) => i + 1);
    const y = new Tensor("float32", new Float32Array(SIZE), [SIZE]);
    await session.run({ x: new Tensor("float32", numbers, [SIZE]) }, { y });
    const squares = [...(y.data as Float32Array)];
    if (squares.some((square, i) => square !== (i + 1) ** 2)) {
      throw new RangeError(`the squares of 1 to ${SIZE} came out as ${squares.join(", ")}`);
    }
  } finally {
    await session.release();
  }
  return { ok: true };
}
