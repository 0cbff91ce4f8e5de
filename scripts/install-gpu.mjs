/**
 * `npm run install:gpu`: fetches ONNX Runtime's CUDA and TensorRT libraries (Linux on x64, some hundred MiB, from
 * the network) with onnxruntime-node's own install script, which every other install leaves out.
 */
import { CommandFailed, run, script } from "./command.mjs";
import { requireInstalled } from "./install.mjs";

await script(async () => {
  requireInstalled();
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new CommandFailed(
      `CUDA and TensorRT libraries exist for linux/x64; this is ${process.platform}/${process.arch}`,
    );
  }
  // Comes before the `skip` that npm hands on from .npmrc. Not "cuda12": its install script (1.30.0) takes that
  // for no wish at all and, under npm, does nothing.
  process.env.ONNXRUNTIME_NODE_INSTALL = "true";
  await run(process.execPath, ["node_modules/onnxruntime-node/script/install.js"]);
});
