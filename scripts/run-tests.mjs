import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { stripVTControlCharacters } from "node:util";
import { CommandFailed, root, TOOLS } from "./command.mjs";

/**
 * Test files at a time. Those that run networks use every core by themselves, so more than a few only make
 * each other late.
 */
const CONCURRENCY = Math.min(4, availableParallelism());

/**
 * Runs the compiled tests, shows AVA's report as it comes and closes it with one line, "N passed, N failed".
 *
 * @param args AVA's arguments; a test file may be named by its source.
 * @throws CommandFailed where a test failed or there was none.
 */
export async function runTests(args) {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  const code = await runAva(args.map(compiled), (line) => count(line, tally));
  // A run can fail without a test that did: no files, a wrong argument.
  if (code !== 0) tally.failed = Math.max(tally.failed, 1);
  const { passed, failed, skipped } = tally;
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  if (code !== 0) throw new CommandFailed("the tests failed");
}

function compiled(arg) {
  return arg.endsWith(".test.ts") ? `dist/${arg.replace(/\.ts$/, ".js")}` : arg;
}

/** Tells from one line of AVA's report what became of a test, or of a file that ended badly. */
function count(line, tally) {
  if (/^ {2}[✔√] /.test(line)) tally.passed++;
  else if (/^ {2}[✘×] /.test(line)) tally.failed++;
  else if (/^ {2}- \[(skip|todo)\]/.test(line)) tally.skipped++;
}

/** @returns AVA's exit code, once every line of its report has gone to our stdout and to `onLine`. */
function runAva(args, onLine) {
  const child = spawn(
    process.execPath,
    [
      TOOLS.ava,
      `--concurrency=${CONCURRENCY}`,
      process.stdout.isTTY ? "--color" : "--no-color",
      ...args,
    ],
    { cwd: root, stdio: ["ignore", "pipe", 2] },
  );
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    process.stdout.write(text);
    const lines = (rest + stripVTControlCharacters(text)).split("\n");
    rest = lines.pop();
    lines.forEach(onLine);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 128));
  });
}
