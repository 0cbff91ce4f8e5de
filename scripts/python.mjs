/**
 * `npm run python -- ARGS`: runs the Python of clients/python there, such as `npm run python -- -m pytest`. Ends with its
 * exit code, or with 69 where there can be no such Python.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { root, script } from "./command.mjs";
import { pythonOfClient } from "./python-venv.mjs";

/** EX_UNAVAILABLE of sysexits.h. */
const UNAVAILABLE = 69;

await script(async () => {
  const { python, missing } = await pythonOfClient();
  if (python === undefined) {
    console.error(missing);
    process.exitCode = UNAVAILABLE;
    return;
  }
  const cwd = join(root, "clients/python");
  const env = { ...process.env, NODE: process.execPath };
  const child = spawn(python, process.argv.slice(2), { cwd, env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
});
