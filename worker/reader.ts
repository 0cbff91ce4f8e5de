/**
 * What a classifier without a noise level, such as a model's evaluation/reader.onnx, says about pictures.
 *
 *   node dist/worker/reader.js MODEL.onnx < PICTURES
 *
 * Reads raw float32 [rows, ...the network's own dimensions]. Prints one JSON object: { logits }, a list a row.
 */
import { buffer } from "node:stream/consumers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { sessionOptions } from "./sessions.ts";

const BATCH_ROWS = 64;

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("usage: reader.js MODEL.onnx < PICTURES\n");
  process.exit(2);
}

const session = await InferenceSession.create(path, sessionOptions(0));
const [input] = session.inputMetadata;
const [output] = session.outputNames;
if (input?.isTensor !== true || session.inputNames.length > 1 || output === undefined) {
  throw new TypeError(
    `${path}: expected one input and an output, seen ${session.inputNames.join()}`,
  );
}
const dims = input.shape.slice(1).map(Number);
const elements = dims.reduce((product, dim) => product * dim, 1);

const bytes = await buffer(process.stdin);
// A copy, because a buffer need not begin at a multiple of 4.
const pictures = new Float32Array(Uint8Array.from(bytes).buffer);
if (pictures.length === 0 || pictures.length % elements !== 0) {
  throw new RangeError(`${bytes.length} bytes are no pictures of ${dims.join(" x ")} float32`);
}

const logits: number[][] = [];
for (let at = 0; at < pictures.length; at += BATCH_ROWS * elements) {
  const batch = pictures.subarray(at, at + BATCH_ROWS * elements);
  const rows = batch.length / elements;
  const answer = await session.run({ [input.name]: new Tensor("float32", batch, [rows, ...dims]) });
  const values = answer[output]?.data;
  if (!(values instanceof Float32Array)) throw new TypeError(`${path}: ${output} is not float32`);
  const classes = values.length / rows;
  for (let row = 0; row < rows; row++) {
    logits.push([...values.subarray(row * classes, (row + 1) * classes)]);
  }
}
process.stdout.write(`${JSON.stringify({ logits })}\n`);
