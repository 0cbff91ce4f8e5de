/**
 * The rival of the overhead benchmark: one onnxruntime session evaluated in a loop, with nothing around it.
 *
 *   node dist/worker/bare-loop.js MODEL.onnx BATCH_ROWS SECONDS [THREADS [PROVIDER [DEVICE_ID]]]
 *
 * Prints one JSON object: { rowsPerSecond }.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Execution, PROVIDERS } from "./protocol.ts";
import { sessionOptions } from "./sessions.ts";

const [path, rowsText, secondsText, threadsText = "0", named = "cpu", deviceText] =
  process.argv.slice(2);
const provider = PROVIDERS.find((known) => known === named);
const rows = Number(rowsText);
const seconds = Number(secondsText);
if (path === undefined || !(rows >= 1) || !(seconds > 0) || provider === undefined) {
  process.stderr.write(
    "usage: bare-loop.js MODEL.onnx BATCH_ROWS SECONDS [THREADS [PROVIDER [DEVICE_ID]]]\n",
  );
  process.exit(2);
}

const execution: Execution = {
  provider,
  ...(deviceText === undefined ? {} : { deviceId: Number(deviceText) }),
};
const session = await InferenceSession.create(path, sessionOptions(Number(threadsText), execution));

function tensorOf(metadata: InferenceSession.ValueMetadata): Tensor {
  if (!metadata.isTensor) throw new TypeError(`${metadata.name} is no tensor`);
  const dims = metadata.shape.map((dim, axis) => (axis === 0 ? rows : Number(dim)));
  const elements = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor("float32", new Float32Array(elements).fill(0.1), dims);
}

const feeds = Object.fromEntries(session.inputMetadata.map((one) => [one.name, tensorOf(one)]));
const fetches = Object.fromEntries(session.outputMetadata.map((one) => [one.name, tensorOf(one)]));

for (let i = 0; i < 3; i++) await session.run(feeds, fetches);
const started = performance.now();
let evaluations = 0;
while (performance.now() - started < 1000 * seconds) {
  await session.run(feeds, fetches);
  evaluations += rows;
}
const rowsPerSecond = (1000 * evaluations) / (performance.now() - started);
process.stdout.write(`${JSON.stringify({ rowsPerSecond })}\n`);
